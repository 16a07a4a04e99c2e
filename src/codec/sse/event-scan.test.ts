import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EventScan } from './event-scan.ts';

const WANTED = new Set(['start', 'response.end']);

/** Of which streams are made up, right and wrong ones. */
const NAMES = ['event', 'data', 'events', 'dat', 'id', 'start', 'response.end', 'ping'];
const MARKS = ['', ' ', ':', ': ', '\n', '\r', '\r\n', '\n\n', '\u{feff}'];
const LINES = ['event: start\n', 'data: {"x":"ü"}\n'];

type Seen = readonly [name: string, data: string];

/** What comes out when the text comes in pieces of the sizes given, over and over. */
function scan(text: string | Buffer, sizes: readonly number[] = [Infinity], wanted = WANTED): Seen[] {
  const bytes = Buffer.from(text);
  const seen: Seen[] = [];
  let data: Buffer[] = [];
  const parts = new EventScan(wanted, {
    data: (piece, from, to) => data.push(Buffer.from(piece.subarray(from, to))),
    event: (name) => {
      seen.push([name, Buffer.concat(data).toString()]);
      data = [];
    },
    drop: () => void (data = []),
  });
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.min(sizes[turn % sizes.length]!, bytes.length - at);
    // In the middle of a larger buffer, whose rest is none of ours.
    const around = Buffer.concat([Buffer.from('\n\n'), bytes.subarray(at, at + size), Buffer.from('\r\n\r\n')]);
    parts.take(around, 2, 2 + size);
    at += size;
  }
  return seen;
}

/** Word for word as the standard has it. */
function plainly(bytes: Buffer, wanted: ReadonlySet<string>): Seen[] {
  const text = new TextDecoder().decode(bytes);
  const seen: Seen[] = [];
  let name = '';
  let data: string[] = [];
  const lines = text.split(/\r\n|\r|\n/).slice(0, -1);
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0 && wanted.has(name)) seen.push([name, data.join('\n')]);
      name = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return seen;
}

describe('events in a stream', () => {
  test('are given when they are wanted, and others are passed over', () => {
    const text = 'event: start\ndata: {"a":1}\n\nevent: ping\ndata: {}\n\nevent: response.end\ndata:2\n\n';
    for (const sizes of [[Infinity], [1], [7, 2]]) {
      assert.deepEqual(scan(text, sizes), [
        ['start', '{"a":1}'],
        ['response.end', '2'],
      ]);
    }
  });

  test('may end their lines in any way, also between two pieces', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const text = `event: start${end}data: a${end}data: b${end}${end}`;
      for (const sizes of [[Infinity], [1]]) assert.deepEqual(scan(text, sizes), [['start', 'a\nb']]);
    }
  });

  test('may say their name after their data', () => {
    assert.deepEqual(scan('data: a\nevent: start\n\ndata: b\nevent: other\n\nevent: start\ndata: c\n\n'), [
      ['start', 'a'],
      ['start', 'c'],
    ]);
  });

  test('have not come before the empty line behind them has', () => {
    assert.deepEqual(scan('event: start\ndata: a\n'), []);
  });

  test('are not taken for others with a longer name', () => {
    assert.deepEqual(scan('event: starting\ndata: a\n\nevent: sta\ndata: b\n\n', [1]), []);
  });

  test('come out as by a plain reader, however they are cut', () => {
    const word = fc.constantFrom(...NAMES, ...MARKS, ...LINES);
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(''));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    const wanted = fc.constantFrom(WANTED, new Set(['']), new Set(['', 'start']));
    const property = fc.property(text, sizes, wanted, (given, cuts, names) => {
      // The last line break could be the first half of one.
      const bytes = Buffer.from(given);
      assert.deepEqual(scan(bytes, cuts, names), plainly(bytes, names));
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
