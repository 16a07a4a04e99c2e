import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opaqueId } from './opaque-id.ts';

test('an opaque id is always the same, fits into a cookie, and says nothing', () => {
  assert.equal(opaqueId('gateway/app\nhttp://10.0.0.5'), 'SaNsqvCLoni92Yli');
  assert.match(opaqueId(''), /^[\w-]{16}$/);
  assert.notEqual(opaqueId('a'), opaqueId('b'));
});
