import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { type AiRelayOptions, aiRelay } from './ai-relay.ts';

const OPTIONS: AiRelayOptions = {
  outer: '/chatgpt/v1',
  inner: '',
  leaveOut: [],
  headers: [],
  bounds: {},
  errorShape: ({ code }) => ({ said: code }),
};

function sent(t: TestContext, target: string, fields: readonly string[], options: Partial<AiRelayOptions>): string[] {
  const play = new Playbook(t, { policies: [aiRelay({ ...OPTIONS, ...options })], forwarding: 'none' });
  play.downstreamSends(head(`GET ${target} HTTP/1.1`, 'Host: a.test', ...fields)).expectDial();
  const lines = play.takeUpstream().split('\r\n').slice(0, -2);
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return lines;
}

describe('a request for a provider', () => {
  for (const [inner, target, expected] of [
    ['', '/chatgpt/v1/responses', '/responses'],
    ['/v1', '/chatgpt/v1/responses?a=%20&b=1+2&&', '/v1/responses?a=%20&b=1+2&&'],
    ['/v1', '/chatgpt/v1/files/a%2Fb/', '/v1/files/a%2Fb/'],
    ['/v1', '/chatgpt/v1/../v1/%2e%2E/v1//models/./x?..=//', '/v1/models/x?..=//'],
    ['/v1', '/chat%67pt/v1/models', '/v1/models'],
  ] as const) {
    test(`asks for ${expected} where the client asks for ${target}`, (t) => {
      assert.equal(sent(t, target, [], { inner })[0], `GET ${expected} HTTP/1.1`);
    });
  }

  test('gets the fields of the configuration in place of its own, and loses those that the provider does not want', (t) => {
    const fields = ['Anthropic-Beta: a', 'X-Own: 1', 'x-org: theirs', 'Accept-Encoding: zstd'];
    const options = { leaveOut: ['anthropic-beta'], headers: [['X-Org', 'ours']] } as const;
    assert.deepEqual(sent(t, '/chatgpt/v1/x', fields, options).slice(2), [
      'X-Own: 1',
      'Accept-Encoding: zstd',
      'X-Org: ours',
    ]);
  });
});

test('errors of ours have the shape of the provider', (t) => {
  const play = new Playbook(t, { policies: [aiRelay(OPTIONS)] });
  play.downstreamSends(head('GET /chatgpt/v1/x HTTP/1.1', 'Host: a.test')).upstreamRefuses();
  assert.match(play.takeDownstream(), /\r\n\r\n\{"said":"upstream_unreachable"\}$/);
});
