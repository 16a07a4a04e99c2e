import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { frame } from '../../../test/support/websocket-frames.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { usage } from './usage.ts';

const EVENTS = [
  'event: message_start\ndata: {"message":{"model":"m-1","usage":{"input_tokens":25,"output_tokens":1}}}\n\n',
  'event: content_block_delta\ndata: {"delta":{"text":"hi"}}\n\n',
  'event: message_delta\ndata: {"usage":{"output_tokens":15}}\n\n',
];
const ALL = EVENTS.join('');

class Stage {
  readonly records: UsageRecord[] = [];
  readonly play: Playbook;
  private told = Promise.withResolvers<void>();

  constructor(t: TestContext, request: readonly string[] = ['POST /v1/messages?beta=true HTTP/1.1']) {
    const tell = (record: UsageRecord): void => {
      this.records.push(record);
      this.told.resolve();
    };
    const named: Policy = { name: 'account', request: (exchange) => void (exchange.exit = 'team') };
    const policies = [named, usage({ provider: 'claude', tell })];
    const [line = '', ...fields] = request;
    this.play = new Playbook(t, { policies, forwarding: 'none' });
    this.play.downstreamSends(head(line, 'Host: a.test', 'Content-Length: 0', ...fields)).expectDial();
    this.play.expectUpstream(/\r\n\r\n$/);
  }

  answers(...fields: readonly string[]): this {
    this.play.upstreamSends(head('HTTP/1.1 200 OK', ...fields)).expectDownstream(/\r\n\r\n$/);
    return this;
  }

  async toldOnce(): Promise<UsageRecord> {
    await this.told.promise;
    assert.equal(this.records.length, 1);
    return this.records[0]!;
  }
}

const STREAM = 'Content-Type: text/event-stream; charset=utf-8';

describe('the policy usage', () => {
  test('lets each part of a stream pass at once, and tells at its end what was used', async (t) => {
    const stage = new Stage(t, ['POST /v1/messages HTTP/1.1', 'X-Claude-Code-Session-Id: s-1']);
    stage.answers(STREAM, `Content-Length: ${ALL.length}`);
    for (const event of EVENTS) {
      assert.deepEqual(stage.records, []);
      stage.play.upstreamSends(event.slice(0, 20)).expectDownstream(event.slice(0, 20));
      stage.play.upstreamSends(event.slice(20)).expectDownstream(event.slice(20));
    }
    const { atMs, ...record } = await stage.toldOnce();
    assert.ok(Math.abs(Date.now() - atMs) < 60_000);
    assert.deepEqual(record, {
      provider: 'claude',
      user: '',
      account: 'team',
      session: 's-1',
      model: 'm-1',
      isKnown: true,
      input: 25,
      output: 15,
      cacheRead: 0,
      cacheWrite: 0,
    });
  });

  test('tells what was seen when the client goes away, or the provider', async (t) => {
    const leaves = [(play: Playbook) => play.clientCloses(), (play: Playbook) => play.upstreamCloses('reset')];
    for (const leave of leaves) {
      const stage = new Stage(t).answers(STREAM, 'Content-Length: 1000');
      leave(stage.play.upstreamSends(EVENTS[0]!).expectDownstream(EVENTS[0]!));
      assert.partialDeepStrictEqual(await stage.toldOnce(), { input: 25, output: 1, isKnown: true });
      stage.play.end();
    }
  });

  test('does not know what was used when the client goes away before there is an answer', async (t) => {
    const stage = new Stage(t);
    stage.play.clientCloses();
    assert.partialDeepStrictEqual(await stage.toldOnce(), { model: '', account: 'team', isKnown: false, input: 0 });
    stage.play.end();
    const free = new Stage(t, ['POST /v1/messages/count_tokens HTTP/1.1']);
    free.play.clientCloses().end();
    const refused = new Stage(t).answers('Content-Length: 0');
    assert.deepEqual([free.records, refused.records], [[], []]);
  });

  test('tells nothing of a provider that is not reached', (t) => {
    const records: UsageRecord[] = [];
    const policies = [usage({ provider: 'claude', tell: (record) => void records.push(record) })];
    const play = new Playbook(t, { policies, forwarding: 'none' });
    play.downstreamSends(head('POST /v1/messages HTTP/1.1', 'Host: a.test', 'Content-Length: 0')).expectDialBegins();
    play.upstreamRefuses().expectError(502, 'upstream_unreachable');
    assert.deepEqual(records, []);
  });

  test('reads a copy of what is encoded, and of what is cut as much as has come', async (t) => {
    for (const [encoding, encode] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const body = encode(ALL);
      const whole = new Stage(t).answers(STREAM, `Content-Encoding: ${encoding}`, `Content-Length: ${body.length}`);
      whole.play.upstreamSends(body);
      assert.equal(whole.play.takeDownstream(), body.toString('latin1'));
      assert.partialDeepStrictEqual(await whole.toldOnce(), { output: 15, isKnown: true });
      whole.play.end();
      const cut = new Stage(t).answers(STREAM, `Content-Encoding: ${encoding}`, `Content-Length: ${body.length + 1}`);
      cut.play.upstreamSends(body);
      assert.equal(cut.play.takeDownstream(), body.toString('latin1'));
      cut.play.clientCloses();
      assert.partialDeepStrictEqual(await cut.toldOnce(), { output: 15, isKnown: true });
      cut.play.end();
    }
  });

  test('says that it does not know what it cannot read', async (t) => {
    for (const [encoding, body] of [
      ['snappy', 'abc'],
      ['gzip', 'abc'],
      ['gzip, br', 'abc'],
    ] as const) {
      const stage = new Stage(t).answers(STREAM, `Content-Encoding: ${encoding}`, `Content-Length: ${body.length}`);
      stage.play.upstreamSends(body).expectDownstream(body);
      assert.partialDeepStrictEqual(await stage.toldOnce(), { input: 0, isKnown: false });
      stage.play.end();
    }
  });

  test('watches WebSockets on which OpenAI answers, and no other connection', (t) => {
    const switched = ['Upgrade: websocket', 'Sec-WebSocket-Accept: x'];
    for (const [path, fields, count] of [
      ['/v1/responses', switched, 1],
      ['/v1/realtime', switched, 0],
      ['/v1/responses', ['Upgrade: own'], 0],
    ] as const) {
      const records: UsageRecord[] = [];
      const policies = [usage({ provider: 'chatgpt', tell: (record) => void records.push(record) })];
      const play = new Playbook(t, { policies, forwarding: 'none' });
      const upgrade = head(`GET ${path} HTTP/1.1`, 'Host: a.test', 'Connection: upgrade', 'Upgrade: websocket');
      play.downstreamSends(upgrade).expectDial().expectUpstream(/^GET/);
      play.upstreamSends(head('HTTP/1.1 101 Switching Protocols', ...fields)).expectDownstream(/ 101 /);
      const message = frame('{"type":"response.completed","response":{"id":"a","usage":{"output_tokens":7}}}');
      play.upstreamSends(message).expectDownstream(message.toString('latin1')).clientCloses();
      assert.deepEqual(
        records.map(({ output }) => output),
        count === 1 ? [7] : [],
      );
      play.end();
    }
  });

  test('says in explanations whether it would count', () => {
    const policy = usage({ provider: 'claude', tell: () => {} });
    const said = (method: string, path: string, wantsUpgrade = false): string | undefined => {
      return policy.foresee?.({ request: { method, path, wantsUpgrade } } as Exchange);
    };
    assert.equal(said('POST', '/claude/v1/messages'), 'reads from the answer what it has used');
    assert.equal(said('GET', '/claude/v1/models'), 'counts nothing here');
    assert.equal(said('GET', '/chatgpt/v1/responses'), 'counts nothing here');
    assert.equal(said('GET', '/chatgpt/v1/responses', true), 'reads from the WebSocket what its answers have used');
  });

  test('looks only at answers that can say what they have used', (t) => {
    for (const [request, fields] of [
      ['POST /v1/messages/count_tokens HTTP/1.1', ['Content-Type: application/json']],
      ['GET /v1/responses HTTP/1.1', ['Content-Type: application/json']],
      ['POST /v1/messages HTTP/1.1', ['Content-Type: text/html']],
    ] as const) {
      const stage = new Stage(t, [request]).answers(...fields, 'Content-Length: 2');
      stage.play.upstreamSends('{}').expectDownstream('{}');
      assert.deepEqual(stage.records, []);
      stage.play.end();
    }
  });
});
