import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsShown, includesShown } from './shown-output.ts';

test('words, codes and ports are those of the page', () => {
  assert.ok(fitsShown('502  GET  http://10.0.0.7:8080', '502  GET  http://10.0.0.7:8080\n'));
  assert.ok(!fitsShown('502  GET  http://10.0.0.7:8080', '503  GET  http://10.0.0.7:8080\n'));
  assert.ok(!fitsShown('502  GET  http://10.0.0.7:8080', '502  GET  http://10.0.0.8:8080\n'));
  assert.ok(!fitsShown('{"code":0}', '{"code":1}'));
});

test('all of what comes has to be shown, or stand for an ellipsis', () => {
  assert.ok(!fitsShown('a', 'a\nb'));
  assert.ok(fitsShown('a\n…', 'a\nb\nc\n'));
  assert.ok(fitsShown('…\nc', 'a\nb\nc\n'));
  assert.ok(fitsShown('{"id":"…","x":1}', '{"id":"4f9c","x":1}'));
  assert.ok(!fitsShown('{"id":"…","x":1}', '{"id":"4f9c","x":2}'));
  assert.ok(includesShown('b', 'a\nb\nc\n'));
  assert.ok(!includesShown('d', 'a\nb\nc\n'));
});

test('what is never the same twice has the same shape', () => {
  assert.ok(fitsShown('14:02:11  3.1 ms', '09:15:00  12 ms'));
  assert.ok(fitsShown('0.1.0, up 2d 5h', '0.2.11, up 1.8s'));
  assert.ok(fitsShown('"at":"2026-11-20T15:51:16.123Z"', '"at":"2027-01-01T00:00:00Z"'));
  assert.ok(fitsShown('"duration_ms":23.1', '"duration_ms":884'));
  assert.ok(fitsShown('token revoke 3f9c2a81b04d', 'token revoke 693e6df294aa'));
  assert.ok(!fitsShown('14:02:11  3.1 ms', '14:02  3.1 ms'));
});
