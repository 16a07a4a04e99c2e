import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameBelow } from './tunnel-name.ts';

test('the host of a request names the tunnel, and nothing else does', () => {
  const hosts = [
    'app.example.com',
    'a.b.example.com',
    'example.com',
    'xexample.com',
    '.example.com',
    '__proto__.example.com',
  ];
  assert.deepEqual(
    hosts.map((host) => nameBelow(host, 'example.com')),
    ['app', '-', '-', '-', '-', '-'],
  );
});
