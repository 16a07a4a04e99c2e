import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { readMsgpack } from './read-msgpack.ts';
import { binaryHead, type MsgpackValue, writeMsgpack } from './write-msgpack.ts';

function lengths(...values: readonly MsgpackValue[]): number[] {
  return values.map((value) => writeMsgpack(value).length);
}

test('a number gets the shortest form', () => {
  assert.deepEqual(lengths(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32), [1, 1, 2, 2, 3, 3, 5, 5, 9]);
  assert.deepEqual(lengths(-1, -32, -33, -128, -129, -32_769, -(2 ** 31), -(2 ** 31) - 1), [1, 1, 2, 2, 3, 5, 5, 9]);
});

test('texts, lists and maps of every length read again', () => {
  for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    assert.equal(readMsgpack(writeMsgpack('x'.repeat(length))), 'x'.repeat(length));
    assert.equal((readMsgpack(writeMsgpack(Array.from({ length }, () => 1))) as unknown[]).length, length);
  }
  for (const size of [0, 15, 16, 65_536]) {
    const map = Object.fromEntries(Array.from({ length: size }, (_, index) => [String(index), true]));
    assert.equal((readMsgpack(writeMsgpack(map)) as Map<string, unknown>).size, size);
  }
});

test('a key without a value is left out', () => {
  assert.deepEqual([...writeMsgpack({ a: undefined, b: 1 })], [0x81, 0xa1, 0x62, 1]);
});

test('the head of a binary value is all that stands before its bytes', () => {
  for (const length of [0, 255, 256, 65_535, 65_536]) {
    const bytes = Buffer.alloc(length, 7);
    assert.deepEqual(readMsgpack(Buffer.concat([binaryHead(length), bytes])), bytes);
  }
});
