import assert from 'node:assert/strict';
import { test } from 'node:test';
import { swappedPrefixes } from './swapped-prefixes.ts';

test('a path is moved when its rest stays and what stands before it is fixed on both sides', () => {
  for (const [pattern, to, swapped] of [
    ['/api/*', '/{rest}', { outer: '/api', inner: '' }],
    ['/a/b/{rest}', '/v2/{rest}', { outer: '/a/b', inner: '/v2' }],
    ['/*', '/app/{rest}', { outer: '', inner: '/app' }],
    ['/api', '/{rest}', { outer: '/api', inner: '' }],
    ['/api/*', '/fixed', null],
    ['/{id}/*', '/{rest}', null],
    ['/api/*', '/{rest}/more', null],
    ['/api', '/', null],
  ] as const) {
    assert.deepEqual(swappedPrefixes(pattern, to), swapped, `${pattern} to ${to}`);
  }
});
