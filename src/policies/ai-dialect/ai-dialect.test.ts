import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { aiDialect, type AiDialectOptions } from './ai-dialect.ts';

const OPTIONS: AiDialectOptions = { asksFor: 'model', credential: 'key', errorShape: ({ code }) => ({ said: code }) };

function stage(t: TestContext, options: Partial<AiDialectOptions>, ...fields: readonly string[]): Playbook {
  const path: Policy = { name: 'path', request: ({ request }) => void (request.upstreamTarget = request.target) };
  const policies = [path, aiDialect({ ...OPTIONS, ...options })];
  const play = new Playbook(t, { policies, forwarding: 'none' });
  return play.downstreamSends(head('GET /v1/models HTTP/1.1', 'Host: a.test', ...fields));
}

function sent(t: TestContext, options: Partial<AiDialectOptions>, ...fields: readonly string[]): string[] {
  const play = stage(t, options, ...fields).expectDial();
  const lines = play.takeUpstream().split('\r\n').slice(0, -2);
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return lines.filter((line) => line !== 'Host: a.test');
}

describe('a request of the dialect of OpenAI', () => {
  test('asks for what Anthropic has in its place', (t) => {
    assert.equal(sent(t, { asksFor: 'message' })[0], 'GET /v1/messages HTTP/1.1');
    assert.equal(sent(t, { asksFor: 'models' })[0], 'GET /v1/models?limit=1000 HTTP/1.1');
    assert.equal(sent(t, { asksFor: 'model' })[0], 'GET /v1/models HTTP/1.1');
  });

  test('has a version of the API, and nothing that is for OpenAI alone', (t) => {
    const theirs = ['OpenAI-Organization: o', 'OpenAI-Project: p', 'Accept-Encoding: br', 'anthropic-beta: b'];
    assert.deepEqual(sent(t, {}, ...theirs, 'X-Own: 1').slice(1), [
      'anthropic-beta: b',
      'X-Own: 1',
      'anthropic-version: 2023-06-01',
    ]);
  });

  test('has the key of its client where Anthropic looks for it', (t) => {
    const client = { credential: 'client' } as const;
    const version = 'anthropic-version: 2023-06-01';
    assert.deepEqual(sent(t, client, 'authorization: bearer  sk-ant-api-1').slice(1), [
      'x-api-key: sk-ant-api-1',
      version,
    ]);
    assert.deepEqual(sent(t, client, 'x-api-key: sk-ant-api-1').slice(1), ['x-api-key: sk-ant-api-1', version]);
    assert.deepEqual(sent(t, client).slice(1), [version]);
  });

  test('never goes out with the login of a subscription', (t) => {
    stage(t, { credential: 'login' })
      .expectDownstream(/^HTTP\/1\.1 403 [^]*\{"said":"forbidden"\}$/)
      .end();
    const own = 'Authorization: Bearer sk-ant-oat01-x';
    stage(t, { credential: 'client' }, own)
      .expectDownstream(/^HTTP\/1\.1 403 /)
      .end();
  });
});

test('the head of the answer is said as OpenAI says it', (t) => {
  const play = stage(t, {}).expectDial();
  play.takeUpstream();
  const said = [
    'request-id: req_1',
    'Content-Type: text/html',
    'anthropic-ratelimit-requests-limit: 5',
    'Content-Length: 0',
  ];
  play.upstreamSends(head('HTTP/1.1 529 Overloaded', ...said));
  const lines = play.takeDownstream().split('\r\n');
  for (const line of ['x-request-id: req_1', 'Content-Type: application/json', 'x-ratelimit-limit-requests: 5']) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(!lines.includes('request-id: req_1'));
});

test('it says in explanations what it does', () => {
  assert.equal(aiDialect(OPTIONS).foresee?.(null as never), 'asks in the dialect of Anthropic');
});
