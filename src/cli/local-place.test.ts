import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPlace } from './local-place.ts';

test('a local server is a port, or a host and a port', () => {
  assert.deepEqual(localPlace('3000'), { local_host: 'localhost', local_port: 3000 });
  assert.deepEqual(localPlace('db.internal:5432'), { local_host: 'db.internal', local_port: 5432 });
  assert.deepEqual(localPlace('[::1]:22'), { local_host: '::1', local_port: 22 });
  for (const text of ['', '0', '70000', 'a b:1', 'host'])
    assert.throws(() => localPlace(text), { code: 'usage' }, text);
});
