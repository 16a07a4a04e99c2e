import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_CHUNK_BYTES } from '../../codec/tunnel/messages.ts';
import { MessageParts } from './message-parts.ts';

test('messages become parts that are as large as one may be, and the last one says so', () => {
  const told: string[] = [];
  const parts = new MessageParts((bytes, { from, to, wsType, fin }) => {
    told.push(`${wsType} ${to - from} ${bytes.toString('latin1', from, Math.min(to, 3))} ${fin}`);
  });
  const long = Buffer.alloc(MAX_CHUNK_BYTES + 10, 'a');
  parts.begin(true);
  parts.add(long, 0, 5);
  parts.add(long, 5, MAX_CHUNK_BYTES);
  parts.end();
  parts.begin(false);
  parts.add(long, 0, long.length);
  parts.end();
  parts.begin(true);
  parts.end();
  assert.deepEqual(told, [
    `text ${MAX_CHUNK_BYTES} aaa true`,
    `binary ${MAX_CHUNK_BYTES} aaa false`,
    'binary 10 aaa true',
    'text 0  true',
  ]);
});
