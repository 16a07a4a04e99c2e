import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsByName } from './http2-stream.ts';

// How streams behave is tested from both ends, in http2-server.test.ts and http2-client.test.ts.

test('fields of one name become a list in their order, and no name is special', () => {
  const fields = ['set-cookie', 'a=1', '__proto__', 'x', 'set-cookie', 'b=2', 'constructor', 'y', 'set-cookie', 'c=3'];
  assert.deepEqual(Object.entries(fieldsByName(fields)), [
    ['set-cookie', ['a=1', 'b=2', 'c=3']],
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});
