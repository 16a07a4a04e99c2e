import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TOKEN, VALUE } from './octets.ts';
import { endsName, endsText, firstOf, viewOf } from './octet-words.ts';

/** Where the lowest octet is that the mask marks, 4 for none. */
function position(mask: number): number {
  return mask === 0 ? 4 : firstOf(mask);
}

/** Every octet at every place of a word, between neighbours that could carry or borrow into it. */
function* words(): Generator<Buffer> {
  for (const filler of [0x20, 0x21, 0x39, 0x3b, 0x41, 0x7e]) {
    for (let octet = 0; octet < 256; octet++) {
      for (let place = 0; place < 4; place++) {
        const word = Buffer.alloc(4, filler);
        word[place] = octet;
        yield word;
      }
    }
  }
}

function firstIndex(word: Buffer, isWanted: (octet: number) => boolean): number {
  const index = word.findIndex(isWanted);
  return index < 0 ? 4 : index;
}

describe('words of four octets', () => {
  test('the first octet that is not plain text is found, wherever it stands', () => {
    for (const word of words()) {
      const expected = firstIndex(word, (octet) => octet < 0x20 || octet > 0x7e);
      assert.equal(position(endsText(word.readInt32LE())), expected, word.toString('hex'));
    }
  });

  test('the first octet that ends a name is found, wherever it stands', () => {
    for (const word of words()) {
      const expected = firstIndex(word, (octet) => octet < 0x20 || octet > 0x7f || octet === 0x3a);
      assert.equal(position(endsName(word.readInt32LE())), expected, word.toString('hex'));
    }
  });

  test('the lowest of several marks is the right one', () => {
    const pairs = [0x00, 0x1f, 0x3a, 0x7f, 0x80, 0xff];
    for (const first of pairs) {
      for (const second of pairs) {
        const word = Buffer.from([0x41, first, second, 0x41]);
        assert.equal(position(endsText(word.readInt32LE())), first === 0x3a ? (second === 0x3a ? 4 : 2) : 1);
        assert.equal(position(endsName(word.readInt32LE())), first === 0x7f ? (second === 0x7f ? 4 : 2) : 1);
      }
    }
  });

  test('plain text never needs a second look, for what the tables allow in it is a superset', () => {
    for (let octet = 0x20; octet < 0x7f; octet++) assert.equal(VALUE[octet], 1);
    for (let octet = 0; octet < 256; octet++) {
      if (TOKEN[octet] !== 0) assert.equal(endsName(octet * 0x01010101), 0, String(octet));
    }
  });

  test('the view is made anew only for another buffer', () => {
    const one = Buffer.from('abcdefgh');
    const view = viewOf(one);
    assert.equal(view.getUint8(0), 97);
    assert.equal(viewOf(one), view);
    const other = Buffer.from('bcdefghi').subarray(1);
    assert.equal(viewOf(other).getUint8(0), 99);
    assert.equal(viewOf(other).byteLength, 7);
  });
});
