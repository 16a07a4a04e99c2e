import assert from 'node:assert/strict';
import type { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { frame } from '../../../test/support/websocket-frames.ts';
import type { MessageCompression } from '../../codec/websocket/compression.ts';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { CountedSocket } from './counted-socket.ts';

const OWNER = { provider: 'chatgpt', user: 'ann', account: 'team', session: 's-1' };
const USAGE = { input_tokens: 36, input_tokens_details: { cached_tokens: 4 }, output_tokens: 87 };
const USED = { input: 32, output: 87, cacheRead: 4, cacheWrite: 0 };
const NOTHING = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

function event(type: string, id: string, usage: object | null = null): string {
  return JSON.stringify({
    type,
    sequence_number: 1,
    response: { id, output: [{ usage: 1 }], model: `of ${id}`, usage },
  });
}

function compressed(text: string): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return frame(bytes.subarray(0, -4), { rsv: 4 });
}

class Stage {
  readonly records: UsageRecord[] = [];
  readonly socket: CountedSocket;
  private wake = Promise.withResolvers<void>();

  constructor(compression: MessageCompression = 'none') {
    this.socket = new CountedSocket(compression, OWNER, (record) => {
      this.records.push(record);
      this.wake.resolve();
      this.wake = Promise.withResolvers();
    });
  }

  take(...frames: readonly Buffer[]): this {
    for (const bytes of frames) this.socket.take(bytes, 0, bytes.length);
    return this;
  }

  async told(count: number): Promise<string[]> {
    while (this.records.length < count) await this.wake.promise;
    return this.records.map(({ model, isKnown }) => `${model}: ${isKnown ? 'known' : 'unknown'}`);
  }
}

test('what is said of limits on a WebSocket is passed on, but for those that are not the account’s', () => {
  const noted: unknown[] = [];
  const socket = new CountedSocket(
    'none',
    OWNER,
    () => {},
    (limits) => void noted.push(limits),
  );
  const limits = { primary: { used_percent: 40 } };
  for (const name of [undefined, 'codex', 'other']) {
    const text = JSON.stringify({
      type: 'codex.rate_limits',
      plan_type: 'pro',
      metered_limit_name: name,
      rate_limits: limits,
    });
    const bytes = frame(text);
    socket.take(bytes, 0, bytes.length);
  }
  assert.deepEqual(noted, [limits, limits]);
});

describe('a WebSocket on which answers are counted', () => {
  test('tells of each answer when it is over, and of none twice', async () => {
    const stage = new Stage().take(frame(event('response.created', 'a')));
    assert.equal(stage.records.length, 0);
    stage.take(frame('{"type":"response.output_text.delta","delta":"\\"response\\":{"}'));
    stage.take(frame(event('response.completed', 'a', USAGE)), frame(event('response.done', 'a', USAGE)));
    const { atMs: _, ...record } = stage.records[0]!;
    assert.deepEqual(record, { ...OWNER, model: 'of a', isKnown: true, ...USED });
    stage.take(frame(event('response.created', 'b')), frame(event('response.incomplete', 'b', USAGE)));
    stage.socket.end();
    stage.socket.end();
    assert.deepEqual(await stage.told(2), ['of a: known', 'of b: known']);
  });

  test('tells at its end of what was begun, as far as it was said', async () => {
    const stage = new Stage().take(frame(event('response.created', 'a')));
    stage.take(frame(event('response.in_progress', 'b', { input_tokens: 5 })), frame('{"type":"error"}'));
    stage.socket.end();
    assert.deepEqual(await stage.told(2), ['of a: unknown', 'of b: known']);
    assert.partialDeepStrictEqual(stage.records[1], { input: 5, output: 0 });
    const silent = new Stage();
    silent.socket.end();
    assert.deepEqual(silent.records, []);
  });

  test('reads messages that are compressed and others, as they come', async () => {
    const stage = new Stage('deflate');
    stage.take(compressed(event('response.created', 'a')), frame('{"type":"x"}'));
    stage.take(frame('no text', { opcode: 2 }), compressed(event('response.completed', 'a', USAGE)));
    assert.deepEqual(await stage.told(1), ['of a: known']);
    stage.take(compressed(event('response.created', 'b')));
    stage.socket.end();
    assert.deepEqual(await stage.told(2), ['of a: known', 'of b: unknown']);
  });

  test('counts an answer once, also where its end overtakes its beginning', async () => {
    const stage = new Stage('deflate');
    stage.take(compressed(event('response.created', 'a')), frame(event('response.completed', 'a', USAGE)));
    stage.take(compressed(event('response.completed', 'b', USAGE)));
    stage.socket.end();
    assert.deepEqual(await stage.told(2), ['of a: known', 'of b: known']);
  });

  test('says once that it does not know, where nothing could be read', async () => {
    const unreadable: readonly (readonly [MessageCompression, readonly Buffer[]])[] = [
      ['unknown', [frame(event('response.completed', 'a', USAGE)), frame('x')]],
      ['none', [compressed('x')]],
      ['deflate', [frame('not compressed at all', { rsv: 4 })]],
    ];
    for (const [compression, frames] of unreadable) {
      const stage = new Stage(compression).take(...frames);
      stage.socket.end();
      await stage.told(1);
      const { atMs: _, ...record } = stage.records[0]!;
      assert.deepEqual(record, { ...OWNER, model: '', isKnown: false, ...NOTHING });
      assert.equal(stage.records.length, 1);
    }
  });

  test('keeps no more answers than a connection can have at once', async () => {
    const stage = new Stage();
    for (let i = 0; i < 100; i += 1) stage.take(frame(event('response.created', String(i))));
    assert.equal(stage.records.length, 68);
    stage.socket.end();
    assert.equal((await stage.told(100)).length, 100);
  });
});
