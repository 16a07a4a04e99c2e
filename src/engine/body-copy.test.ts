import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyCopy } from './body-copy.ts';

function contentOf(copy: BodyCopy): string {
  let text = '';
  copy.replay((bytes, from, to) => (text += bytes.toString('latin1', from, to)));
  return text;
}

describe('a copy of a body', () => {
  test('holds what was sent, whatever becomes of the memory that it lay in', () => {
    const copy = new BodyCopy(100);
    const read = Buffer.from('--one--');
    copy.add(read, 2, 5);
    read.write('--two--');
    copy.add(read, 2, 5);
    read.fill('x');
    assert.equal(contentOf(copy), 'onetwo');
    assert.equal(contentOf(copy), 'onetwo');
    assert.equal(copy.isWhole, true);
  });

  test('is empty, and not whole, as soon as the body is too long', () => {
    const copy = new BodyCopy(65_536);
    const bytes = Buffer.alloc(40_000);
    copy.add(bytes, 0, bytes.length);
    assert.equal(copy.isWhole, true);
    copy.add(bytes, 0, bytes.length);
    assert.equal(copy.isWhole, false);
    copy.add(bytes, 0, 1);
    assert.deepEqual([copy.isWhole, contentOf(copy)], [false, '']);
  });
});
