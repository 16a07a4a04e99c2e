import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { FLAG, FRAME, FRAME_HEAD_BYTES, uint31At } from '../codec/http2/frames.ts';
import type { OutBuffer } from '../codec/http1/writer.ts';
import type { Connection } from './connection.ts';
import { type FramedStream, Http2Output, type WaitingStream } from './http2-output.ts';

/** A connection that keeps what is written to it, write by write, as `type/flags/stream/length`. */
class Kept {
  congested = false;
  readonly writes: string[][] = [];

  flush(out: OutBuffer): boolean {
    const frames: string[] = [];
    for (let at = 0; at < out.length;) {
      const length = out.bytes.readUIntBE(at, 3);
      frames.push(`${out.bytes[at + 3]}/${out.bytes[at + 4]}/${uint31At(out.bytes, at + 5)}/${length}`);
      at += FRAME_HEAD_BYTES + length;
    }
    out.length = 0;
    this.writes.push(frames);
    return !this.congested;
  }

  get unsentBytes(): number {
    return this.congested ? 1_000_000 : 0;
  }
}

const stream = (id: number, window = 65_535): FramedStream => ({ id, window, lastFlagsAt: 0, lastTurn: -1 });
const bytes = Buffer.alloc(100_000);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function open(): { kept: Kept; output: Http2Output; sent: () => number } {
  const kept = new Kept();
  let count = 0;
  const output = new Http2Output(kept as unknown as Connection, () => (count += 1));
  return { kept, output, sent: () => count };
}

describe('what leaves on a connection', () => {
  test('leaves in one write at the end of the turn, and then it is said', async () => {
    const { kept, output, sent } = open();
    for (const id of [1, 3]) {
      output.writeHeaders(id, 0, [':status', '200']);
      output.writeData(stream(id), bytes, 0, 10);
    }
    assert.deepEqual([kept.writes, sent()], [[], 0]);
    await turn();
    assert.deepEqual(kept.writes, [['1/4/1/1', '0/0/1/10', '1/4/3/1', '0/0/3/10']]);
    assert.equal(sent(), 1);
    await turn();
    assert.equal(kept.writes.length, 1);
  });

  test('has the end of a body in its last frame, unless that has left', async () => {
    const { kept, output } = open();
    const [early, late] = [stream(1), stream(3)];
    output.writeData(early, bytes, 0, 5);
    output.writeData(late, bytes, 0, 5);
    output.writeEnd(early);
    await turn();
    output.writeEnd(late);
    await turn();
    assert.deepEqual(kept.writes, [['0/1/1/5', '0/0/3/5'], ['0/1/3/0']]);
  });

  test('goes out in between when it is much', () => {
    const { kept, output } = open();
    output.window = 1_000_000;
    assert.equal(output.writeData(stream(1, 1_000_000), bytes, 0, 100_000), 100_000);
    assert.deepEqual(kept.writes, [['0/0/1/16384', '0/0/1/16384', '0/0/1/16384']]);
  });

  test('has a head in several frames where one is too small', async () => {
    const { kept, output } = open();
    const values = ['\x01'.repeat(20_000), '\x02'.repeat(20_000)];
    output.writeHeaders(5, FLAG.END_STREAM, [':status', '200', 'x-a', values[0]!, 'x-b', values[1]!]);
    await turn();
    const [frames] = kept.writes;
    assert.deepEqual(
      frames?.map((each) => each.split('/')[0]),
      [FRAME.HEADERS, FRAME.CONTINUATION, FRAME.CONTINUATION].map(String),
    );
    assert.deepEqual(
      frames?.map((each) => each.split('/')[1]),
      ['1', '0', '4'],
    );
  });

  test('is nothing of a head that cannot be said', async () => {
    const { kept, output } = open();
    assert.equal(output.writeHeaders(1, 0, [':status', '200', 'bad name', '']), false);
    await turn();
    assert.deepEqual(kept.writes, [[]]);
  });
});

describe('bodies', () => {
  test('are no more than the windows of their stream and of the connection take', () => {
    const { output } = open();
    assert.equal(output.writeData(stream(1, 20), bytes, 0, 100), 20);
    assert.equal(output.writeData(stream(3), bytes, 0, 100_000), 65_515);
    assert.deepEqual([output.window, output.mostFor(stream(5))], [0, 0]);
  });

  test('wait when the socket takes nothing, and take turns when it does', () => {
    const { kept, output } = open();
    kept.congested = true;
    assert.equal(output.writeData(stream(1), bytes, 0, 10), 0);
    const order: string[] = [];
    const waiting = (name: string, frames: number): WaitingStream => {
      let left = frames;
      return { window: 1, sendSome: () => (order.push(name), (left -= 1) > 0) };
    };
    for (const each of [waiting('a', 3), waiting('b', 1), waiting('c', 2)]) output.wait(each);
    output.pump();
    assert.deepEqual(order, []);
    kept.congested = false;
    assert.equal(output.writeData(stream(1), bytes, 0, 10), 0, 'others are before it');
    output.pump();
    assert.deepEqual(order, ['a', 'b', 'c', 'a', 'c', 'a']);
    assert.equal(output.writeData(stream(1), bytes, 0, 10), 10);
  });

  test('are counted for whoever asks', () => {
    const { output } = open();
    output.writeData(stream(1), bytes, 0, 40_000);
    assert.deepEqual([output.takeFramesSent(), output.takeFramesSent()], [3, 0]);
  });
});
