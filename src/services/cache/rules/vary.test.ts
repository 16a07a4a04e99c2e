import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldList } from './field-reader.ts';
import { varyKey, varyNames } from './vary.ts';

type Lines = [string, string][];
const key = (name: string, ...values: string[]): string =>
  varyKey([name], new FieldList(values.map((value): [string, string] => [name, value])));

test('names are sorted and each stands once', () => {
  assert.deepEqual(varyNames(['Foo, bar', 'foo,, Accept']), ['accept', 'bar', 'foo']);
  assert.deepEqual(varyNames([]), []);
  assert.deepEqual(varyNames(['']), []);
});

test('a star anywhere, and what is no name, make an answer nobody else’s', () => {
  for (const lines of [['*'], ['*, *'], ['*', '*'], [', *'], ['', '*'], ['*, Foo'], ['Foo, *'], ['a b'], ['"x"']])
    assert.equal(varyNames(lines), null, lines.join('|'));
  assert.equal(varyNames([Array.from({ length: 17 }, (_, at) => `x${at}`).join(',')]), null);
});

test('requests that say something else, or nothing, have another key', () => {
  assert.notEqual(key('foo', '1'), key('foo', '2'));
  assert.notEqual(key('foo', '1'), key('foo'));
  assert.notEqual(key('foo', ''), key('foo'));
  assert.notEqual(key('foo', '-'), key('foo'));
});

test('two fields cannot be taken for each other', () => {
  const of = (lines: Lines): string => varyKey(['a', 'b'], new FieldList(lines));
  assert.notEqual(of([['a', '1']]), of([['b', '1']]));
  assert.notEqual(
    of([['a', '1\nb:=2']]),
    of([
      ['a', '1'],
      ['b', '2'],
    ]),
  );
});

test('lines are joined and white space around commas means nothing', () => {
  assert.equal(key('foo', '1, 2'), key('foo', '1', '2'));
  assert.equal(key('foo', '1,2'), key('foo', ' 1 ,\t2 '));
  assert.notEqual(key('foo', '"1,2"'), key('foo', '"1, 2"'));
  assert.notEqual(key('foo', 'a'), key('foo', 'A'));
});

test('languages mean the same in any case, but not in any order', () => {
  assert.equal(key('accept-language', 'en, de;q=0.50'), key('accept-language', 'EN,dE; q=0.5'));
  assert.notEqual(key('accept-language', 'en, de'), key('accept-language', 'de, en'));
});

test('encodings mean the same in any order', () => {
  assert.equal(key('accept-encoding', 'gzip, br;q=1.0'), key('accept-encoding', 'br, GZIP'));
  assert.notEqual(key('accept-encoding', 'gzip, br;q=0'), key('accept-encoding', 'br, gzip'));
});

test('what may be secret or is long does not stand in the key', () => {
  assert.doesNotMatch(key('cookie', 'session=hidden'), /hidden/);
  assert.notEqual(key('cookie', 'a=1'), key('cookie', 'a=2'));
  assert.doesNotMatch(key('authorization', 'Bearer hidden'), /hidden/);
  assert.ok(key('foo', 'x'.repeat(9000)).length < 100);
});
