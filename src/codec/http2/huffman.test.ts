import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OutBuffer } from '../http1/writer.ts';
import { huffmanLength, huffmanText, latin1Text, writeHuffman } from './huffman.ts';

function packed(text: string): Buffer {
  const out = new OutBuffer(1);
  writeHuffman(out, text, huffmanLength(text));
  return out.bytes.subarray(0, out.length);
}

function unpacked(hex: string): string | null {
  const bytes = Buffer.from(hex, 'hex');
  return huffmanText(bytes, 0, bytes.length);
}

describe('the Huffman code', () => {
  test('is that of RFC 7541', () => {
    for (const [text, hex] of [
      ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
      ['no-cache', 'a8eb10649cbf'],
      ['custom-value', '25a849e95bb8e8b4bf'],
      ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
      [
        'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
        '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
      ['', ''],
    ] as const) {
      assert.equal(packed(text).toString('hex'), hex);
      assert.equal(unpacked(hex), text);
    }
  });

  test('brings back every text, of whatever octets', () => {
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));
    assert.equal(unpacked(packed(every).toString('hex')), every);
    const octets = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(octets, (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        const code = packed(text);
        assert.equal(code.length, huffmanLength(text));
        assert.equal(huffmanText(code, 0, code.length), text);
      }),
    );
  });

  test('is no text with its end in it, with padding of another kind or of a whole octet', () => {
    for (const hex of [
      'ffffffff',
      'fffffffc',
      '00',
      '1c',
      'f1e3c2e5f23a6ba0ab90f400',
      'f1e3c2e5f23a6ba0ab90f4ffff',
      'ff',
    ]) {
      assert.equal(unpacked(hex), null, hex);
    }
  });

  test('can be read of any octets, and what is text is written as it came', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = huffmanText(Buffer.from(bytes), 0, bytes.length);
        if (text !== null) assert.deepEqual(packed(text), Buffer.from(bytes));
      }),
    );
  });
});

test('text that is not compressed is read octet by octet', () => {
  assert.equal(latin1Text(Buffer.from('-caf\xe9-', 'latin1'), 1, 5), 'caf\xe9');
});
