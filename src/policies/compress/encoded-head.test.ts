import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EditableFields } from '../../engine/fields.ts';
import { encodeHead, isKnownAsWeak, strengthenTags, varyByEncoding, weakenTag } from './encoded-head.ts';

type Entries = readonly (readonly [name: string, value: string])[];

function changed(change: (fields: EditableFields) => void, entries: Entries): Entries {
  const fields = new EditableFields();
  for (const [name, value] of entries) fields.append(name, value);
  change(fields);
  return fields.entries();
}

test('the head of an encoded body says nothing of the bytes as they were', () => {
  const before: Entries = [
    ['Content-Type', 'text/html'],
    ['Content-Length', '5'],
    ['Accept-Ranges', 'bytes'],
    ['ETag', '"a"'],
    ['Content-MD5', 'x'],
    ['Digest', 'x'],
    ['Content-Digest', 'x'],
    ['Repr-Digest', 'x'],
    ['Content-Encoding', 'identity'],
    ['Last-Modified', 'then'],
  ];
  assert.deepEqual(
    changed((fields) => encodeHead(fields, 'br'), before),
    [
      ['Content-Type', 'text/html'],
      ['Last-Modified', 'then'],
      ['ETag', 'W/"a"'],
      ['Content-Encoding', 'br'],
    ],
  );
});

describe('a tag', () => {
  const weakened = (tag: string): Entries => changed(weakenTag, [['ETag', tag]]);

  test('is made weak, or stays so', () => {
    assert.deepEqual(weakened('"a"'), [['ETag', 'W/"a"']]);
    assert.deepEqual(weakened('W/"a"'), [['ETag', 'W/"a"']]);
    assert.deepEqual(changed(weakenTag, []), []);
  });

  test('that is none goes', () => assert.deepEqual(weakened('a'), []));

  test('is known as weak to who has named it so, and only so', () => {
    assert.ok(isKnownAsWeak('"a"', ['W/"a"']));
    assert.ok(isKnownAsWeak('"a"', ['"b", W/"a"']));
    assert.ok(isKnownAsWeak('"a"', ['"b"', 'W/"a"']));
    for (const named of [[], ['"a"'], ['W/"b"'], ['W/"a", "a"'], ['*']])
      assert.ok(!isKnownAsWeak('"a"', named), named.join());
    assert.ok(!isKnownAsWeak('W/"a"', ['W/"a"']));
  });

  test('of ours is given back its strength where only strong ones count', () => {
    const strong = (value: string): Entries => changed(strengthenTags, [['If-Match', value]]);
    assert.deepEqual(strong('W/"a"'), [['If-Match', '"a"']]);
    assert.deepEqual(strong('"b", W/"a"'), [['If-Match', '"b", "a"']]);
    for (const value of ['"a"', '*', '"W/"']) assert.deepEqual(strong(value), [['If-Match', value]]);
  });
});

test('caches are told to tell encodings apart, once and beside what they are told already', () => {
  const vary = (...values: readonly string[]): string[] =>
    changed(
      varyByEncoding,
      values.map((value) => ['Vary', value] as const),
    ).map(([, value]) => value);
  assert.deepEqual(vary(), ['Accept-Encoding']);
  assert.deepEqual(vary('Origin'), ['Origin, Accept-Encoding']);
  assert.deepEqual(vary('Origin', 'Cookie'), ['Origin, Cookie, Accept-Encoding']);
  assert.deepEqual(vary(''), ['Accept-Encoding']);
  for (const kept of ['*', 'accept-encoding', 'Origin , Accept-Encoding', 'Origin, *'])
    assert.deepEqual(vary(kept), [kept]);
  assert.deepEqual(vary('Origin', '*'), ['Origin', '*']);
});
