import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobodyListens } from './local-answer.ts';

test('a browser is told by a page that nobody listens, everybody else in JSON', () => {
  const json = nobodyListens([], 3000);
  assert.equal(json.status, 502);
  assert.match(json.body.toString(), /^\{"error":\{"code":"upstream_unreachable"/);
  assert.match(nobodyListens([['Accept', 'text/html']], 3000).body.toString(), /^<!doctype html>/);
});
