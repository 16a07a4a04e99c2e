import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from './hpack-decoder.ts';

interface Series {
  readonly name: string;
  readonly tableBytes: number;
  readonly blocks: readonly {
    readonly hex: string;
    readonly fields: readonly string[];
    readonly table: readonly string[];
  }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/http2/hpack.json'), 'utf8'),
) as readonly Series[];

/** The fields of a block, or null where it is none. */
function read(decoder: HpackDecoder, hex: string): string[] | null {
  const fields: string[] = [];
  const bytes = Buffer.from(`ff${hex}ff`, 'hex');
  const sink = { onField: ({ name, value }: { name: string; value: string }) => void fields.push(`${name}: ${value}`) };
  return decoder.decode(bytes, 1, bytes.length - 1, sink) ? fields : null;
}

/** A reference to an entry of the dynamic table. */
const entry = (index: number): string => (0x80 + 61 + index).toString(16);

describe('the examples of RFC 7541, appendix C', () => {
  for (const { name, tableBytes, blocks } of vectors) {
    test(`${name} is read, and leaves the table as it says`, () => {
      const decoder = new HpackDecoder(tableBytes);
      for (const { hex, fields, table } of blocks) {
        assert.deepEqual(read(decoder, hex), fields);
        assert.deepEqual(read(decoder, table.map((_, index) => entry(index + 1)).join('')), table);
        assert.equal(read(decoder, entry(table.length + 1)), null, 'and nothing more is in it');
      }
    });
  }

  for (const [name, hex, field, isKept] of [
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header', true],
    ['C.2.2', '040c2f73616d706c652f70617468', ':path: /sample/path', false],
    ['C.2.3', '100870617373776f726406736563726574', 'password: secret', false],
    ['C.2.4', '82', ':method: GET', false],
  ] as const) {
    test(`${name} is ${field}`, () => {
      const decoder = new HpackDecoder();
      assert.deepEqual(read(decoder, hex), [field]);
      assert.deepEqual(read(decoder, entry(1)), isKept ? [field] : null);
    });
  }
});

describe('a block that cannot be read', () => {
  for (const [name, hex] of [
    ['names no entry', '80'],
    ['names an entry that is not there', 'be'],
    ['has a literal with the name of an entry that is not there', '7e0161'],
    ['has a number without its end', 'ff80'],
    ['has a number beyond all bounds', 'ffffffffffffffffffff7f'],
    ['ends within a number', '7f'],
    ['ends before a value', '0401'],
    ['ends before the length of a value', '04'],
    ['has a name longer than the block', '007f0a61'],
    ['has text that is no Huffman code', '0484ffffffff'],
    ['makes the table larger than allowed', '3fe21f'],
    ['resizes the table behind a field', '8220'],
  ] as const) {
    test(name, () => assert.equal(read(new HpackDecoder(), hex), null));
  }
});

test('the size of the table changes at the beginning of a block, also twice', () => {
  const decoder = new HpackDecoder();
  assert.deepEqual(read(decoder, '4001610162'), ['a: b']);
  assert.deepEqual(read(decoder, '203fe11f82'), [':method: GET']);
  assert.equal(read(decoder, entry(1)), null, 'a table of no size has nothing in it');
});

test('whatever octets come, reading them ends, and throws nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HpackDecoder();
      for (const block of blocks) if (read(decoder, Buffer.from(block).toString('hex')) === null) return;
    }),
    { numRuns: 2000 },
  );
});
