import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { EditableFields } from '../../engine/fields.ts';
import type { SwappedPrefixes } from './swapped-prefixes.ts';
import { wayBack } from './way-back.ts';

interface Said {
  readonly location?: string;
  readonly cookies?: readonly string[];
  readonly isOurs?: boolean;
}

/** What the client is told by a backend that is called b.test:81, for a request to a.test. */
function told(prefixes: readonly SwappedPrefixes[], { location, cookies = [], isOurs = false }: Said): string[] {
  const fields = new EditableFields();
  if (location !== undefined) fields.append('Location', location);
  for (const cookie of cookies) fields.append('Set-Cookie', cookie);
  const exchange = {
    request: { authority: 'a.test', host: 'a.test' },
    response: { isOurs, fields },
  } as unknown as Exchange;
  wayBack({ authorities: new Set(['b.test:81']), prefixes }).response?.(exchange);
  return fields.entries().map(([, value]) => value);
}

const stripped = [{ outer: '/api', inner: '' }];
const added = [{ outer: '', inner: '/app' }];
const swapped = [{ outer: '/api', inner: '/v2' }];

describe('a Location', () => {
  for (const [prefixes, location, expected] of [
    [stripped, '/login', '/api/login'],
    [stripped, '/api/login', '/api/login'],
    [stripped, '/apix', '/api/apix'],
    [stripped, 'http://b.test:81/login?a=/b', '/api/login?a=/b'],
    [stripped, 'http://B.test:81', '/api/'],
    [stripped, 'https://a.test/login#x', 'https://a.test/api/login#x'],
    [stripped, 'https://a.test/api/login', 'https://a.test/api/login'],
    [stripped, '//b.test:81/login', '/api/login'],
    [stripped, 'https://c.test/login', 'https://c.test/login'],
    [stripped, 'http://a.test:81/login', '/api/login'],
    [stripped, 'http://a.test:82/login', 'http://a.test:82/login'],
    [stripped, 'next', 'next'],
    [added, '/app/login', '/login'],
    [added, '/app', '/'],
    [added, '/app?x', '/?x'],
    [added, '/apple', '/apple'],
    [added, 'http://b.test:81/other', 'http://b.test:81/other'],
    [swapped, '/v2/a', '/api/a'],
    [swapped, '/other', '/other'],
    [[], 'http://b.test:81/login?a', '/login?a'],
    [[], 'https://c.test/', 'https://c.test/'],
  ] as const) {
    test(`that is ${location} leads to ${expected}`, () => {
      assert.deepEqual(told(prefixes, { location }), [expected]);
    });
  }

  test('of our own is what it is', () => {
    assert.deepEqual(told(stripped, { location: '/login', isOurs: true }), ['/login']);
  });

  test('is moved from the longest of several prefixes', () => {
    assert.deepEqual(told([...added, { outer: '', inner: '/app/deep' }], { location: '/app/deep/x' }), ['/x']);
  });
});

describe('a cookie', () => {
  test('comes back from the path that the client knows', () => {
    const cookies = ['a=1; Path=/login; HttpOnly', 'b=2; path=/', 'c=3', 'd=4; Path=/api/x'];
    const expected = ['a=1; Path=/api/login; HttpOnly', 'b=2; path=/', 'c=3', 'd=4; Path=/api/x'];
    assert.deepEqual(told(stripped, { cookies }), expected);
    assert.deepEqual(told(added, { cookies: ['a=1; Path=/app'] }), ['a=1; Path=/']);
  });
});
