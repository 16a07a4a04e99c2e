import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListenText } from './listen-text.ts';

test('a port alone listens on this machine only', () => {
  assert.deepEqual(parseListenText('8080'), { kind: 'tcp', host: '127.0.0.1', port: 8080 });
});

test('a colon and a port listen on every address', () => {
  assert.deepEqual(parseListenText(':8080'), { kind: 'tcp', host: '', port: 8080 });
});

test('a host without a port is refused', () => {
  assert.equal(parseListenText('localhost').kind, 'invalid');
  assert.equal(parseListenText('::1').kind, 'invalid');
});
