import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOREVER_S } from './cache-control.ts';
import { parseTargetedControl } from './targeted-control.ts';

test('what is meant for caches is read as a structured field', () => {
  const said = parseTargetedControl(['max-age=3600, foobar, no-cache="X-A, x-b", stale-if-error=5']);
  assert.deepEqual(
    [said?.maxAge, said?.noCacheFields, said?.staleIfError, said?.noStore],
    [3600, ['x-a', 'x-b'], 5, false],
  );
});

test('several lines are one field, and what is said last counts', () => {
  assert.equal(parseTargetedControl(['max-age=1', 'max-age=2'])?.maxAge, 2);
});

test('a flag may be said to be off', () => {
  assert.equal(parseTargetedControl(['no-store=?0, max-age=1'])?.noStore, false);
  assert.equal(parseTargetedControl(['no-store=?1'])?.noStore, true);
  assert.equal(parseTargetedControl(['no-store;x=1;y'])?.noStore, true);
});

test('numbers have a bound', () => {
  assert.equal(parseTargetedControl(['max-age=99999999999'])?.maxAge, FOREVER_S);
  assert.equal(parseTargetedControl(['max-age=-1']), null);
});

test('members of any type are passed over when nobody knows them', () => {
  const text = 'a=1.5, b=:aGk=:, c=(1 "2";x=?0 t), d="x\\"", e=tok/en, f=();g, max-age=7';
  assert.equal(parseTargetedControl([text])?.maxAge, 7);
});

test('a field that cannot be parsed counts as not sent', () => {
  const wrong = [
    '',
    ' ',
    'max-age=10000, &&&&&',
    'max-age =100',
    'max-age= 100',
    'MaX-aGe=3600',
    'max-age=1,',
    'max-age=1,,no-store',
    'max-age=1 no-store',
    'a="x',
    'a=(1 2',
    'a=(1,2)',
    'max-age=1;=',
    'max-age=1;a=',
    'max-age=1234567890123456',
    'max-age=',
  ];
  for (const text of wrong) assert.equal(parseTargetedControl([text]), null, text);
  assert.equal(parseTargetedControl([]), null);
});

test('a value of a type that a directive cannot have spoils the field', () => {
  for (const text of [
    'max-age="10000"',
    'max-age=1.0',
    'max-age',
    'no-store=1',
    'no-store="a"',
    'private=token',
    'max-age=(1)',
  ])
    assert.equal(parseTargetedControl([text]), null, text);
});
