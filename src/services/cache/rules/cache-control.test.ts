import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FOREVER_S, parseCacheControl, splitList, type Directives } from './cache-control.ts';

const parse = (...lines: string[]): Directives => parseCacheControl(lines);

test('names are read in any case, and what is unknown is passed over', () => {
  const said = parse('MaX-aGe=3600, foobar, No-StOrE, x="a,b", PUBLIC');
  assert.deepEqual([said.maxAge, said.noStore, said.isPublic, said.said], [3600, true, true, true]);
  assert.equal(parse().said, false);
  assert.equal(parse(' , ,').said, false);
});

test('what stands in quotes is no directive', () => {
  assert.equal(parse('extension="max-age=3600", max-age=1').maxAge, 1);
  assert.equal(parse('max-age=1, extension="max-age=3600"').maxAge, 1);
  assert.equal(parse('extension="a\\", no-store"').noStore, false);
});

test('a quote that is not closed hides nothing', () => {
  assert.equal(parse('extension="a, no-store').noStore, true);
  assert.equal(parse('a="b\\", no-store').noStore, true);
});

test('a number of seconds may be quoted and begin with zeros, and has a bound', () => {
  assert.equal(parse('max-age="3600"').maxAge, 3600);
  assert.equal(parse('max-age=003600').maxAge, 3600);
  assert.equal(parse('max-age=2147483649').maxAge, FOREVER_S);
  assert.equal(parse('max-age=99999999999999999999').maxAge, FOREVER_S);
});

test('a lifetime that is no number is none', () => {
  for (const value of ["'3600'", '3600.0', '-1', '+1', 'a100', '100a', '', ' 3600', '3600 1', '0x10', '1e3', '"3600'])
    assert.equal(parse(`max-age=${value}`).maxAge, 0, value);
  assert.equal(parse('max-age').maxAge, 0);
  assert.equal(parse('max-age =3600').maxAge, 0);
});

test('lifetimes that differ are none, and those that agree are one', () => {
  assert.equal(parse('max-age=1800, max-age=1').maxAge, 0);
  assert.equal(parse('max-age=1800', 'max-age=1').maxAge, 0);
  assert.equal(parse('max-age=60', 'max-age=60').maxAge, 60);
  assert.equal(parse('stale-while-revalidate=60, stale-while-revalidate=x').staleWhileRevalidate, 0);
});

test('no-cache and private may name fields, and count for the whole answer when they name none or one that it needs', () => {
  assert.deepEqual(parse('no-cache="Set-Cookie, X-A"').noCacheFields, ['set-cookie', 'x-a']);
  assert.deepEqual(parse('private=X-A').privateFields, ['x-a']);
  assert.equal(parse('no-cache="a"').noCache, false);
  for (const text of ['no-cache', 'no-cache=', 'no-cache=""', 'no-cache="a", no-cache', 'no-cache="Content-Type"']) {
    assert.equal(parse(text).noCache, true, text);
    assert.deepEqual(parse(text).noCacheFields, [], text);
  }
  assert.equal(parse('private').isPrivate, true);
});

test('a flag counts whatever stands behind it', () => {
  assert.equal(parse('no-store=0').noStore, true);
  assert.equal(parse('no-store =').noStore, true);
  assert.equal(parse('must-revalidate=x').mustRevalidate, true);
});

test('a client says how stale and how fresh', () => {
  assert.equal(parse('max-stale').maxStale, Infinity);
  assert.equal(parse('max-stale=5').maxStale, 5);
  assert.equal(parse('max-stale=x').maxStale, 0);
  assert.equal(parse('max-stale, max-stale=5').maxStale, 5);
  assert.equal(parse('min-fresh=5, min-fresh=7').minFresh, 7);
  assert.equal(parse('only-if-cached').onlyIfCached, true);
});

test('only what the grammar calls white space is taken off', () => {
  assert.equal(parse('\tno-store \t').noStore, true);
  assert.equal(parse('\u00a0no-store').noStore, false);
});

test('a list is whole when it is put together again', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', '=', ' ') }), (text) => {
      assert.equal(splitList(text).join(','), text);
      parseCacheControl([text]);
    }),
  );
});
