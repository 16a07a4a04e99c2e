import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import type { StreamDataMessage, StreamMode } from '../../codec/tunnel/messages.ts';
import { readMsgpack } from '../../codec/msgpack/read-msgpack.ts';
import { StreamWindow, WindowBudget } from './stream-window.ts';
import { type StreamHost, TunnelStream } from './tunnel-stream.ts';

class Stage {
  readonly told: string[] = [];
  readonly said: string[] = [];
  readonly stream: TunnelStream;
  takes = true;

  constructor(mode: StreamMode = 'http', version = 2) {
    const host: StreamHost = {
      version,
      openWindow: () => new StreamWindow(new WindowBudget(1_000_000)),
      sendFlow: (bytes) => this.said.push(JSON.stringify([...(readMsgpack(bytes) as Map<string, unknown>).values()])),
      sendData: (_stream, _bytes, { from, to, fin }) => this.said.push(`data ${to - from} ${fin}`) > 0,
      sendClose: (_stream, code) => this.said.push(`close ${code}`),
      sendReset: (_stream, reason) => this.said.push(`reset ${reason}`),
      paced: (_stream, change) => this.said.push(`kept ${change}`),
      left: () => this.said.push('left'),
    };
    this.stream = new TunnelStream(
      host,
      { id: 1, mode },
      {
        head: ({ status }) => this.told.push(`head ${status}`),
        data: (bytes) => {
          this.told.push(String(bytes));
          return this.takes;
        },
        ended: (code) => this.told.push(`ended ${code}`),
        failed: (how) => this.told.push(`failed ${how}`),
        drain: () => this.told.push('drain'),
      },
    );
  }

  take(data: Buffer | string, fin: boolean | null = null): this {
    const message: StreamDataMessage = {
      type: 'StreamData',
      streamId: 1,
      data: Buffer.from(data as string),
      wsType: null,
      fin,
    };
    this.stream.take(message);
    return this;
  }
}

const HEAD = writeMsgpack({ status: 200, headers: [] });

describe('a stream', () => {
  test('begins with a head that may come in parts, and goes on with what follows', () => {
    const stage = new Stage();
    stage.take(HEAD.subarray(0, 5), false).take(HEAD.subarray(5), true).take('a').take('b');
    stage.stream.closed(null, '');
    stage.take('too late');
    assert.deepEqual([stage.told, stage.said], [['head 200', 'a', 'b', 'ended null'], ['left']]);
  });

  test('has no head of a WebSocket in the first version', () => {
    assert.deepEqual(new Stage('ws', 1).take('hello').told, ['hello']);
  });

  test('keeps in order what cannot be taken, its end too', () => {
    const stage = new Stage();
    stage.take(HEAD);
    stage.takes = false;
    stage.take('a').take('bc').take('d');
    stage.stream.closed(1000, '');
    assert.deepEqual([stage.told, stage.stream.keptBytes, stage.said], [['head 200', 'a'], 3, ['kept 2', 'kept 1']]);
    stage.stream.resume();
    assert.deepEqual([stage.told.at(-1), stage.stream.keptBytes], ['bc', 1]);
    stage.takes = true;
    stage.stream.resume();
    stage.stream.resume();
    assert.deepEqual(stage.told, ['head 200', 'a', 'bc', 'd', 'ended 1000']);
  });

  test('is reset when its head is none', () => {
    for (const head of [Buffer.from([0xc1]), Buffer.alloc(300_000)]) {
      const stage = new Stage();
      stage.take(head);
      assert.deepEqual([stage.told, stage.said[0]?.startsWith('reset')], [['failed invalid'], true]);
      assert.equal(stage.stream.isOver, true);
    }
  });

  test('sends in parts that are not too long, and nothing after its end', () => {
    const stage = new Stage();
    stage.stream.send(Buffer.alloc(70_000), { from: 0, to: 70_000, wsType: null, fin: true });
    stage.stream.send(Buffer.alloc(0), { from: 0, to: 0, wsType: null, fin: true });
    stage.stream.close(1001, '');
    stage.stream.close();
    stage.stream.reset('no');
    stage.stream.fail('gone', '');
    stage.stream.drained();
    assert.deepEqual(stage.said, ['data 65536 false', 'data 4464 true', 'data 0 true', 'close 1001', 'left']);
    assert.deepEqual(stage.told, []);
  });
});
