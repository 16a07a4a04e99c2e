import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asObject, flagIn, isObject, listIn, numberIn, objectIn, requiredText, textIn } from './json-fields.ts';

const ASKED = { text: 'a', number: 1, flag: false, list: [1], object: { b: 1 }, nothing: null };

test('fields are read as what they are, and null is as good as absent', () => {
  assert.deepEqual(
    [textIn(ASKED, 'text', ''), textIn(ASKED, 'nothing', ''), textIn(ASKED, 'none', '')],
    ['a', null, null],
  );
  assert.deepEqual([numberIn(ASKED, 'number'), numberIn(ASKED, 'nothing')], [1, null]);
  assert.deepEqual([flagIn(ASKED, 'flag'), flagIn(ASKED, 'nothing')], [false, null]);
  assert.deepEqual([listIn(ASKED, 'list', ''), listIn(ASKED, 'nothing', '')], [[1], null]);
  assert.deepEqual([objectIn(ASKED, 'object', ''), objectIn(ASKED, 'nothing', '')], [{ b: 1 }, null]);
  assert.deepEqual([isObject({}), isObject([]), isObject(null), isObject('x')], [true, false, false, false]);
});

test('what is of another kind is refused with its place', () => {
  for (const [read, message] of [
    [() => textIn(ASKED, 'number', 'a[0]'), 'a[0].number: expected a string'],
    [() => requiredText(ASKED, 'nothing', ''), 'nothing: is missing'],
    [() => numberIn(ASKED, 'text'), 'text: expected a number'],
    [() => flagIn(ASKED, 'text'), 'text: expected true or false'],
    [() => listIn(ASKED, 'text', 'b'), 'b.text: expected a list'],
    [() => objectIn(ASKED, 'list', ''), 'list: expected an object'],
    [() => asObject('x', 'c'), 'c: expected an object'],
  ] as const) {
    assert.throws(read, { message });
  }
});
