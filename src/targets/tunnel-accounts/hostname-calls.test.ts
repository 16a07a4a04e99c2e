import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostnameCall } from './hostname-calls.ts';

// What comes of them is in test/e2e/tunnel-hostnames.test.ts.
test('paths and methods say what is asked', () => {
  assert.deepEqual(
    [
      hostnameCall('GET', '/api/v1/hostnames'),
      hostnameCall('POST', '/api/v1/hostnames'),
      hostnameCall('PUT', '/api/v1/hostnames'),
      hostnameCall('POST', '/api/v1/hostnames/a.test/verify'),
      hostnameCall('GET', '/api/v1/hostnames/a.test/verify'),
      hostnameCall('DELETE', '/api/v1/hostnames/a.test'),
      hostnameCall('GET', '/api/v1/hostnames/a.test'),
      hostnameCall('GET', '/api/v1/hostnames/a/b/c'),
    ],
    [
      { kind: 'list' },
      { kind: 'register' },
      'wrong_method',
      { kind: 'verify', hostname: 'a.test' },
      'wrong_method',
      { kind: 'remove', hostname: 'a.test' },
      'wrong_method',
      null,
    ],
  );
});
