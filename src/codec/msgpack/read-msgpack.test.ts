import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MsgpackCut, MsgpackError, MsgpackReader, readMsgpack, type MsgpackRead } from './read-msgpack.ts';
import { type MsgpackValue, writeMsgpack } from './write-msgpack.ts';

function read(...bytes: readonly number[]): MsgpackRead {
  return readMsgpack(Buffer.from(bytes));
}

describe('a value', () => {
  test('is read in every form that it can be written in', () => {
    assert.deepEqual(
      [
        read(0x07),
        read(0xff),
        read(0xcc, 0x07),
        read(0xcd, 0, 7),
        read(0xce, 0, 0, 0, 7),
        read(0xcf, 0, 0, 0, 0, 0, 0, 0, 7),
        read(0xd0, 0xf9),
        read(0xd1, 0xff, 0xf9),
        read(0xd2, 0xff, 0xff, 0xff, 0xf9),
        read(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9),
      ],
      [7, -1, 7, 7, 7, 7, -7, -7, -7, -7],
    );
    assert.deepEqual([read(0xc0), read(0xc2), read(0xc3)], [null, false, true]);
    assert.deepEqual([read(0xca, 0x3f, 0x80, 0, 0), read(0xcb, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0)], [1, -1]);
    assert.deepEqual([read(0xa1, 0x61), read(0xd9, 1, 0x61), read(0xda, 0, 1, 0x61)], ['a', 'a', 'a']);
    assert.deepEqual([read(0x91, 1), read(0xdc, 0, 1, 1), read(0xdd, 0, 0, 0, 1, 1)], [[1], [1], [1]]);
    const map = new Map([['a', 1]]);
    assert.deepEqual([read(0x81, 0xa1, 0x61, 1), read(0xde, 0, 1, 0xa1, 0x61, 1)], [map, map]);
    assert.deepEqual(read(0xdf, 0, 0, 0, 1, 0xa1, 0x61, 1), map);
    assert.deepEqual([read(0xc4, 1, 5), read(0xc5, 0, 1, 5)], [Buffer.from([5]), Buffer.from([5])]);
  });

  test('that is binary is not copied', () => {
    const bytes = Buffer.from([0xc4, 2, 1, 2]);
    const found = readMsgpack(bytes) as Buffer;
    bytes[2] = 9;
    assert.deepEqual([...found], [9, 2]);
  });
});

describe('what is refused', () => {
  const cases: readonly (readonly [what: string, ...bytes: readonly number[]])[] = [
    ['nothing at all'],
    ['a text that is cut', 0xa3, 0x61],
    ['a list that promises more than there is', 0xdd, 0xff, 0xff, 0xff, 0xff],
    ['a map that promises more than there is', 0xdf, 0xff, 0xff, 0xff, 0xff],
    ['a key that is no text', 0x81, 0x01, 0x01],
    ['a number that is not exact', 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ['an extension', 0xd4, 1, 1],
    ['what follows the value', 0x01, 0x01],
    ['a nest', ...Array.from({ length: 40 }, () => 0x91), 0x01],
  ];
  for (const [what, ...bytes] of cases) {
    test(what, () => {
      assert.throws(() => read(...bytes), MsgpackError);
    });
  }
});

/** As it reads again: a map for an object, without what is undefined. */
function asRead(value: MsgpackValue): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as MsgpackValue[]).map(asRead);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return new Map(entries.map(([key, each]) => [key, asRead(each)]));
}

test('what was written reads as it was', () => {
  const { value } = fc.letrec<{ value: MsgpackValue; leaf: MsgpackValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 20, noNullPrototype: true }),
    ),
    leaf: fc.oneof(
      fc.constantFrom(null, undefined, true, false),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    ),
  }));
  fc.assert(
    fc.property(value, (written) => assert.deepEqual(readMsgpack(writeMsgpack(written)), asRead(written))),
    { numRuns: 100 },
  );
});

test('a map is read key by key up to something binary', () => {
  const bytes = writeMsgpack({ a: 1, body: Buffer.from('hello') });
  const reader = new MsgpackReader(bytes);
  assert.deepEqual(
    [reader.mapSize(), reader.value(0), reader.value(0), reader.value(0), reader.binaryLength()],
    [2, 'a', 1, 'body', 5],
  );
  assert.equal(bytes.toString('utf8', reader.at), 'hello');
  assert.equal(new MsgpackReader(Buffer.from([0, 0xde, 0, 16]), 1).mapSize(), 16);
  assert.throws(() => new MsgpackReader(bytes.subarray(0, 4)).value(0), MsgpackCut);
  for (const read of [
    (): number => new MsgpackReader(bytes, 1).mapSize(),
    () => new MsgpackReader(bytes).binaryLength(),
  ])
    assert.throws(read, MsgpackError);
});
