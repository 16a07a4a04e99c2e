import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterPolicy } from './policies-filter.ts';

test('a filter has names in one spelling', () => {
  const domains = ['A.Test.', '*.Bücher.example', '[2001:DB8::1]', '*'];
  const { domains: read, mode, files } = filterPolicy.parse({ domains });
  assert.deepEqual([read, mode, files], [['a.test', '*.xn--bcher-kva.example', '2001:db8::1', '*'], 'blocklist', []]);
});

test('a filter refuses what is no host, and what it does not know', () => {
  for (const wrong of [
    { domains: ['a.*'] },
    { domains: ['http://a'] },
    { mode: 'both' },
    { files: '' },
    { names: [] },
  ]) {
    assert.equal(filterPolicy.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
