import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import { fieldOctets } from './field-text.ts';

describe('the text of a field', () => {
  test('is itself where it is latin1', () => {
    for (const value of ['', 'plain', 'caf\xe9\t1']) assert.equal(fieldOctets('X-One', value), value);
  });

  test('beyond latin1 is the octets of its UTF-8', () => {
    assert.equal(fieldOctets('X-One', '→ \u010a'), Buffer.from('→ \u010a').toString('latin1'));
  });

  test('is refused where it would begin a line of its own, however often its name was seen', () => {
    fieldOctets('X-Seen', 'fine');
    for (const value of ['a\r\nEvil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', '\x01', '→\n']) {
      assert.throws(() => fieldOctets('X-Seen', value), SluiceError, JSON.stringify(value));
    }
    for (const name of ['', 'a b', 'a:', 'a\r\n', 'ä', '(x)']) {
      assert.throws(() => fieldOctets(name, 'x'), /cannot be written/, JSON.stringify(name));
    }
  });

  test('does not depend on how many names were seen', () => {
    for (let i = 0; i < 2000; i++) assert.equal(fieldOctets(`X-${i}`, 'v'), 'v');
    assert.throws(() => fieldOctets('X 2001', 'v'), SluiceError);
  });
});
