import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldLine } from '../answer-meta.ts';
import { KeyMaker, type KeyParts } from './cache-key.ts';
import { FieldList } from './field-reader.ts';

const PLAIN: KeyParts = { ignoredQuery: [], sortsQuery: false, fields: [], cookies: [] };
interface Given {
  readonly route?: string;
  readonly scheme?: string;
  readonly authority?: string;
  readonly query?: string;
  readonly lines?: readonly FieldLine[];
}

function key(
  parts: Partial<KeyParts>,
  { route = 'web', scheme = 'http', authority = 'a.test', query = '', lines = [] }: Given,
): string {
  const maker = new KeyMaker({ ...PLAIN, ...parts });
  const asked = { route, scheme, authority, path: '/x', query, request: new FieldList(lines) };
  return maker.key(asked, maker.url(asked));
}

test('a key tells routes, schemes, hosts, paths and queries apart', () => {
  const keys = [
    {},
    { route: 'api' },
    { scheme: 'https' },
    { authority: 'b.test' },
    { authority: 'a.test:8080' },
    { query: '?a' },
    { query: '?' },
  ];
  assert.equal(new Set(keys.map((given) => key({}, given))).size, keys.length);
});

test('a host is the same in any case and with the port that it has anyway', () => {
  assert.equal(key({}, { authority: 'A.test:80' }), key({}, {}));
  assert.equal(key({}, { authority: 'a.test:443', scheme: 'https' }), key({}, { scheme: 'https' }));
  assert.notEqual(key({}, { authority: 'a.test:443' }), key({}, {}));
});

test('names of the query can be ignored, and their order', () => {
  const parts = { ignoredQuery: ['utm_*', 'fbclid'] };
  assert.equal(key(parts, { query: '?a=1&utm_x=2&b&fbclid=3' }), key({}, { query: '?a=1&b' }));
  assert.equal(key(parts, { query: '?utm_x=2' }), key({}, {}));
  assert.equal(key({ sortsQuery: true }, { query: '?b=2&a=1' }), key({}, { query: '?a=1&b=2' }));
  assert.notEqual(key({}, { query: '?b=2&a=1' }), key({}, { query: '?a=1&b=2' }));
});

test('fields and cookies can tell answers apart', () => {
  const parts = { fields: ['x-tenant'], cookies: ['lang'] };
  const of = (...lines: FieldLine[]): string => key(parts, { lines });
  assert.notEqual(of(['X-Tenant', '1']), of(['X-Tenant', '2']));
  assert.notEqual(of(['X-Tenant', '']), of());
  assert.notEqual(of(['Cookie', 'lang=de; x=1']), of(['Cookie', 'lang=en; x=1']));
  assert.equal(of(['Cookie', 'x=1; lang=de']), of(['Cookie', 'lang=de; x=2']));
  assert.notEqual(of(['Cookie', 'lang=']), of());
});
