import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import type { BodyLine } from '../../telemetry/body-log.ts';
import { aiBodies } from './ai-bodies.ts';
import { MAX_LOGGED_BYTES } from './kept-body.ts';

const POST = 'POST /v1/messages?key=secret HTTP/1.1';

class Stage {
  readonly lines: BodyLine[] = [];
  readonly play: Playbook;

  constructor(t: TestContext, ...policies: readonly Policy[]) {
    const write = (line: Promise<BodyLine>): void => void line.then((whole) => this.lines.push(whole));
    const logged = aiBodies({ provider: 'claude', secrets: ['of-the-config'], write });
    this.play = new Playbook(t, { policies: [logged, ...policies], forwarding: 'none' });
  }

  async asks(body: string, ...fields: readonly string[]): Promise<this> {
    this.play.downstreamSends(head(POST, 'Host: a.test', ...fields, `Content-Length: ${body.length}`) + body);
    await nextTurn();
    return this;
  }

  async line(): Promise<BodyLine> {
    await nextTurn();
    assert.equal(this.lines.length, 1);
    return this.lines[0]!;
  }
}

describe('the policy ai-bodies', () => {
  test('writes down both bodies, whose they are, and no credential', async (t) => {
    const sends: Policy = {
      name: 'key',
      upstream: ({ request }) => request.fields.set('x-api-key', 'of-the-provider'),
    };
    const stage = new Stage(t, sends);
    const fields = ['Authorization: Bearer of-the-client', 'X-Claude-Code-Session-Id: s-1'];
    const body = '{"model":"m-1","a":"of-the-client of-the-config"}';
    await stage.asks(body, ...fields);
    stage.play.expectDial().expectUpstream(/of-the-config"\}$/);
    const answer = '{"said":"of-the-provider"}';
    stage.play
      .upstreamSends(head('HTTP/1.1 401 No', `Content-Length: ${answer.length}`) + answer)
      .expectDownstream(/"\}$/);
    const { timestamp, request_id: id, duration_ms: ms, ...line } = await stage.line();
    assert.ok(!Number.isNaN(Date.parse(timestamp)) && id !== '' && ms >= 0);
    const owner = { provider: 'claude', user: '', session: 's-1', model: 'm-1' };
    assert.deepEqual(line, {
      ...owner,
      method: 'POST',
      path: '/v1/messages',
      status: 401,
      request: { bytes: body.length, body: '{"model":"m-1","a":"*** ***"}' },
      response: { bytes: answer.length, body: '{"said":"***"}', complete: true },
    });
  });

  test('writes down what had come of an answer that is cut', async (t) => {
    const stage = await new Stage(t).asks('{}');
    stage.play.expectDial().expectUpstream(/\{\}$/);
    stage.play
      .upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 9')}hel`)
      .expectDownstream(/hel$/)
      .clientCloses();
    assert.deepEqual((await stage.line()).response, { bytes: 3, body: 'hel', complete: false });
  });

  test('keeps the beginning of what is long, and passes all of it on', async (t) => {
    const stage = await new Stage(t).asks('a'.repeat(MAX_LOGGED_BYTES + 5));
    stage.play.expectDial().takeUpstream();
    stage.play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/^HTTP/);
    const { request, response } = await stage.line();
    assert.deepEqual([request?.bytes, request?.truncated, response], [MAX_LOGGED_BYTES + 5, true, undefined]);
    assert.equal(request?.body?.length, MAX_LOGGED_BYTES);
  });

  test('writes nothing of those that were kept out before', async (t) => {
    const lines: BodyLine[] = [];
    const write = (line: Promise<BodyLine>): void => void line.then((whole) => lines.push(whole));
    const out: Policy = { name: 'out', request: (exchange) => exchange.fail('forbidden') };
    const policies = [out, aiBodies({ provider: 'claude', secrets: [], write })];
    const play = new Playbook(t, { policies, forwarding: 'none' });
    play.downstreamSends(`${head(POST, 'Host: a.test', 'Content-Length: 2')}{}`).expectError(403, 'forbidden');
    await nextTurn();
    assert.deepEqual(lines, []);
  });
});
