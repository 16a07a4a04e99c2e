import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OutBuffer } from '../http1/writer.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';

/** Both ends of a connection. */
class Pair {
  readonly encoder = new HpackEncoder();
  private readonly decoder = new HpackDecoder();
  /** How long the last block was. */
  length = 0;

  /** What arrives of a list. */
  send(fields: readonly string[]): string[] {
    const out = new OutBuffer(1);
    assert.equal(this.encoder.encode(out, fields), true);
    this.length = out.length;
    const received: string[] = [];
    const sink = { onField: ({ name, value }: { name: string; value: string }) => void received.push(name, value) };
    assert.equal(this.decoder.decode(out.bytes, 0, out.length, sink), true);
    return received;
  }

  lengthOf(fields: readonly string[]): number {
    assert.deepEqual(this.send(fields), fields);
    return this.length;
  }
}

const ANSWER = [':status', '200', 'server', 'nginx', 'content-type', 'text/plain', 'x-frame-options', 'SAMEORIGIN'];

describe('an encoder of HPACK', () => {
  test('says in one octet what it has said before', () => {
    const pair = new Pair();
    assert.ok(pair.lengthOf(ANSWER) > 30);
    assert.equal(pair.lengthOf(ANSWER), 4);
  });

  test('gives a place to what changes only when it comes twice', () => {
    const pair = new Pair();
    const fields = (length: string): string[] => [':status', '200', 'content-length', length];
    const first = pair.lengthOf(fields('12345'));
    assert.equal(pair.lengthOf(fields('12346')), first, 'each is written out');
    assert.ok(pair.lengthOf(fields('12346')) > 2, 'from here on it has a place');
    assert.equal(pair.lengthOf(fields('12346')), 2);
  });

  test('knows several values of a name at once', () => {
    const pair = new Pair();
    const types = ['text/html', 'text/css', 'image/png', 'font/woff2'];
    for (let round = 0; round < 2; round++)
      for (const type of types) for (let twice = 0; twice < 2; twice++) pair.send(['content-type', type]);
    assert.deepEqual(
      types.map((type) => pair.lengthOf(['content-type', type])),
      [1, 1, 1, 1],
    );
  });

  test('never gives a place to what is secret, and says so to whoever passes it on', () => {
    const pair = new Pair();
    const cookie = ['set-cookie', 'session=1'];
    const first = pair.lengthOf(cookie);
    for (let count = 0; count < 3; count++) assert.equal(pair.lengthOf(cookie), first);
    const out = new OutBuffer();
    pair.encoder.encode(out, cookie);
    assert.equal(out.bytes[0]! & 0xf0, 0x10);
  });

  test('keeps to the size that the other side allows, and tells of each change', () => {
    const pair = new Pair();
    pair.send(ANSWER);
    pair.encoder.limit(0);
    assert.ok(pair.lengthOf(ANSWER) > 30);
    assert.ok(pair.lengthOf(ANSWER) > 30, 'there is nothing to refer to');
    pair.encoder.limit(100);
    pair.encoder.limit(0);
    pair.encoder.limit(1_000_000);
    for (let count = 0; count < 3; count++) pair.send(ANSWER);
    assert.equal(pair.lengthOf(ANSWER), 4);
  });

  test('refuses what HTTP/2 has no words for, and has written nothing then', () => {
    const { encoder } = new Pair();
    const out = new OutBuffer();
    for (const [name, value] of [
      ['bad name', 'x'],
      ['Upper', 'x'],
      ['connection', 'close'],
      ['transfer-encoding', 'chunked'],
      ['x-a', 'b\r\nc: d'],
      ['x-a', 'b\0'],
      ['', 'x'],
    ] as const) {
      assert.equal(encoder.encode(out, [...ANSWER, name, value]), false, name);
      assert.equal(out.length, 0);
    }
  });

  test('is understood whatever the fields are, and whatever the size of the table', () => {
    const name = fc.constantFrom('server', 'date', 'x-one', 'x-two', 'vary', 'set-cookie', 'content-length', 'x-three');
    const value = fc.oneof(
      fc.constantFrom('a', 'b', 'text/html', '\xe9\xff', ''),
      fc.string({ maxLength: 600 }).map((text) => text.replaceAll(/[^\x20-\xff]/g, 'x')),
    );
    const list = fc
      .array(fc.tuple(name, value), { maxLength: 12 })
      .map((fields) => [':status', '299', ...fields.flat()]);
    const step = fc.oneof(list, fc.constantFrom(0, 64, 200, 4096));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const pair = new Pair();
        for (const next of steps) {
          if (typeof next === 'number') pair.encoder.limit(next);
          else assert.deepEqual(pair.send(next), next);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('keeps no account of names without end', () => {
    const pair = new Pair();
    for (let count = 0; count < 500; count++) assert.deepEqual(pair.send([`x-${count}`, 'v']), [`x-${count}`, 'v']);
  });
});
