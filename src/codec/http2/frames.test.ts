import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { OutBuffer } from '../http1/writer.ts';
import {
  FLAG,
  FRAME,
  setFrameLength,
  uint31At,
  uint32At,
  writeFrameHead,
  writeGoaway,
  writePing,
  writeReset,
  writeWindowUpdate,
} from './frames.ts';

function written(write: (out: OutBuffer) => void): string {
  const out = new OutBuffer(1);
  write(out);
  return out.bytes.toString('hex', 0, out.length);
}

test('frames are written as RFC 9113 draws them', () => {
  assert.equal(
    written((out) => writeReset(out, 0x7fffffff, 0x0b)),
    '00000403007fffffff0000000b',
  );
  assert.equal(
    written((out) => writeWindowUpdate(out, 5, 65_536)),
    '00000408000000000500010000',
  );
  assert.equal(
    written((out) => writeGoaway(out, 7, 1)),
    '0000080700000000000000000700000001',
  );
  const payload = Buffer.from('--8 octets', 'latin1');
  assert.equal(
    written((out) => writePing(out, FLAG.ACK, payload, 2)),
    '000008060100000000' + payload.toString('hex', 2),
  );
});

test('a length may be written when it is known', () => {
  const write = (out: OutBuffer): void => {
    writeFrameHead(out, 0, (FRAME.HEADERS << 8) | FLAG.END_HEADERS | FLAG.END_STREAM, 3);
    setFrameLength(out, 0, 0x012345);
  };
  assert.equal(written(write), '012345010500000003');
});

test('numbers are read without their reserved bit where there is one', () => {
  const bytes = Buffer.from('00ffffffff', 'hex');
  assert.deepEqual([uint32At(bytes, 1), uint31At(bytes, 1)], [0xffffffff, 0x7fffffff]);
});
