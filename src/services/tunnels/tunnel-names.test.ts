import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTunnelName, randomTunnelName } from './tunnel-names.ts';

test('a name is a label of 3 to 63 letters, digits and hyphens that nobody else needs', () => {
  const good = ['app', 'a-b', '123', 'a'.repeat(63)];
  assert.deepEqual(good.filter(isTunnelName), good);
  const bad = ['', 'ab', 'App', '-app', 'app-', 'a.b', 'a_b', 'xn--abc', 'www', 'admin', '__proto__', 'a'.repeat(64)];
  assert.deepEqual(bad.filter(isTunnelName), []);
});

test('names of our own are names, and differ', () => {
  const names = Array.from({ length: 50 }, randomTunnelName);
  assert.deepEqual([names.filter(isTunnelName).length, new Set(names).size], [50, 50]);
});
