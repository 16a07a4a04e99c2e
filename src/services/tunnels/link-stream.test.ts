import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { LINK } from '../../codec/node-link/link-frames.ts';
import type { CloseReason } from '../../transport/connection.ts';
import { LINK_WINDOW_BYTES, LinkStream } from './link-stream.ts';

const HALF = Buffer.alloc(LINK_WINDOW_BYTES / 2, 'x');
const NAMES = Object.fromEntries(Object.entries(LINK).map(([name, kind]) => [kind, name]));

class Stage {
  readonly said: string[] = [];
  readonly heard: string[] = [];
  sent = 0;
  readonly stream: LinkStream = new LinkStream(
    1,
    {
      congested: false,
      sendData: (_id: number, _bytes: Buffer, from: number, to: number) => (this.sent += to - from),
      send: (kind: number, _id: number, text = '') => void this.said.push(`${NAMES[kind]}${text && ` ${text}`}`),
      left: () => void this.said.push('(left)'),
    },
    {
      onData: (bytes: Buffer, from: number, to: number) => void this.heard.push(`${to - from} ${bytes[from]}`),
      onHalfClose: () => void this.heard.push('end'),
      onDrain: () => void this.heard.push('drain'),
      onClose: (reason: CloseReason) => void this.heard.push(reason),
    },
  );
}

test('no more goes than there is room for, and the end goes behind it', () => {
  const stage = new Stage();
  const { stream } = stage;
  assert.deepEqual([stream.write(HALF, 0, HALF.length), stream.write(HALF, 0, HALF.length)], [true, true]);
  assert.equal(stream.write(HALF, 0, 100), false);
  stream.end();
  assert.deepEqual([stage.sent, stage.said], [LINK_WINDOW_BYTES, []]);
  stream.credited(40);
  assert.deepEqual([stage.sent, stage.said], [LINK_WINDOW_BYTES + 40, []]);
  stream.credited(1_000);
  assert.deepEqual([stage.sent, stage.said, stage.heard], [LINK_WINDOW_BYTES + 100, ['end'], ['drain']]);
});

test('what comes while nobody reads waits, makes no room, and is handed on in its order', async () => {
  const stage = new Stage();
  const { stream } = stage;
  assert.ok(stream.took(HALF, 0, HALF.length) && stream.took(HALF, 0, HALF.length));
  assert.deepEqual([stage.heard, stage.said], [[], []]);
  stream.endHeard();
  stream.resume();
  assert.deepEqual(stage.heard, [`${HALF.length} 120`, `${HALF.length} 120`, 'end']);
  stream.end();
  await Promise.resolve();
  assert.deepEqual([stage.said, stage.heard.at(-1), stream.closed], [['end', '(left)'], 'eof', true]);
});

test('room is made as it is read, and whoever sends more than there is room for is told from others', () => {
  const stage = new Stage();
  const { stream } = stage;
  stream.resume();
  assert.ok(stream.took(HALF, 0, HALF.length));
  assert.deepEqual(stage.said, [`credit ${HALF.length}`]);
  stream.pause();
  assert.ok(stream.took(HALF, 0, HALF.length) && stream.took(HALF, 0, HALF.length));
  assert.equal(stream.took(HALF, 0, 1), false);
});

test('a cut is told as one, and nothing is heard or said after it', async () => {
  const stage = new Stage();
  stage.stream.reset('refused');
  stage.stream.destroy('done');
  stage.stream.end();
  await Promise.resolve();
  assert.deepEqual([stage.said, stage.heard], [['reset', '(left)'], ['refused']]);
  assert.equal(stage.stream.write(HALF, 0, 1), false);
});
