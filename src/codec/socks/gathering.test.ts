import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { Gathering } from './gathering.ts';

describe('a gathering', () => {
  test('takes what is wanted and leaves the rest', () => {
    const held = new Gathering(8);
    assert.equal(held.fill(3, Buffer.from('..abcdef'), 2, 8), 5);
    assert.equal(held.bytes.toString('latin1', 0, held.length), 'abc');
  });

  test('goes on where the last portion ended', () => {
    const held = new Gathering(8);
    assert.equal(held.fill(4, Buffer.from('ab'), 0, 2), 2);
    assert.equal(held.length, 2);
    assert.equal(held.fill(4, Buffer.from('cdef'), 0, 4), 2);
    assert.equal(held.bytes.toString('latin1', 0, held.length), 'abcd');
  });

  test('takes nothing when it has enough, and is empty after it was cleared', () => {
    const held = new Gathering(8);
    held.fill(2, Buffer.from('ab'), 0, 2);
    assert.equal(held.fill(1, Buffer.from('cd'), 0, 2), 0);
    held.clear();
    assert.equal(held.length, 0);
  });
});
