import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderField, KIND } from './header-field.ts';

test('a field knows what it is, and how much it counts', () => {
  for (const [name, kind] of [
    [':path', KIND.PATH],
    [':status', KIND.STRANGE_PSEUDO],
    [':protocol', KIND.STRANGE_PSEUDO],
    ['upgrade', KIND.OF_CONNECTION],
    ['content-length', KIND.LENGTH],
    ['constructor', KIND.OTHER],
  ] as const) {
    assert.equal(new HeaderField(name, 'x').kind, kind, name);
  }
  assert.equal(new HeaderField('abc', 'de').size, 37);
});

test('names are tokens in lower case, and values hold nothing that would end them or be taken from their edges', () => {
  for (const [name, value] of [
    ['', 'a'],
    ['X', 'a'],
    ['a b', 'a'],
    ['a:b', 'a'],
    ['a\r\nb', 'a'],
    ['caf\xe9', 'a'],
    ['a', 'b\rc'],
    ['a', 'b\nc'],
    ['a', 'b\0c'],
    ['a', ' b'],
    ['a', 'b\t'],
    [':path', '/\n'],
  ] as const) {
    assert.equal(new HeaderField(name, value).isSound, false, JSON.stringify([name, value]));
  }
  for (const value of ['', 'a b', 'a\tb', 'caf\xe9']) assert.equal(new HeaderField('x-a', value).isSound, true);
});
