import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OutputText, partOf, type TextPart } from './output-text.ts';

function partsOf(pieces: readonly (string | Uint8Array)[]): TextPart[] {
  const text = new OutputText();
  const parts = pieces.map((piece) => text.take(Buffer.from(piece as string)));
  return [...parts, text.end()].filter((part) => part !== null);
}

const bytesOf = (parts: readonly TextPart[]): Buffer =>
  Buffer.concat(parts.map(({ data, encoding }) => Buffer.from(data, encoding)));

describe('output as text', () => {
  test('cuts no character, however it comes', () => {
    const text = 'a€é𝄞z';
    const whole = Buffer.from(text);
    const single = [...whole].map((byte) => Uint8Array.of(byte));
    assert.deepEqual(
      partsOf(single).map(({ data }) => data),
      ['a', '€', 'é', '𝄞', 'z'],
    );
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const parts = partsOf([whole.subarray(0, cut), whole.subarray(cut)]);
      assert.equal(parts.map(({ data }) => data).join(''), text);
    }
  });

  test('says as base64 what is no text, half a character at the end too', () => {
    assert.deepEqual(partsOf(['a', Uint8Array.of(0xff, 0xfe), 'b']), [
      { data: 'a', encoding: 'utf8' },
      { data: '//4=', encoding: 'base64' },
      { data: 'b', encoding: 'utf8' },
    ]);
    assert.deepEqual(partsOf([Uint8Array.of(0x61, 0xe2, 0x82)]), [
      { data: 'a', encoding: 'utf8' },
      { data: '4oI=', encoding: 'base64' },
    ]);
    assert.deepEqual(partOf(Buffer.from([0xc0, 0x80])).encoding, 'base64');
  });

  test('gives every byte back', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.string({ unit: 'binary', maxLength: 9 }));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const sent = Buffer.concat(pieces.map((each) => Buffer.from(each as string)));
        assert.deepEqual(bytesOf(partsOf(pieces)), sent);
      }),
    );
  });
});
