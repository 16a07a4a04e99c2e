import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CorsOrigins } from './cors-origins.ts';

describe('an origin', () => {
  const origins = new CorsOrigins(['https://app.test', 'https://*.below.test', 'http://localhost:*', 'http://*.dev:*']);

  test('is allowed by name, below a name and on every port', () => {
    for (const origin of [
      'https://app.test',
      'https://a.below.test',
      'https://a.b.below.test',
      'http://localhost',
      'http://localhost:5173',
      'http://a.dev:1',
      'HTTPS://APP.test',
    ]) {
      assert.ok(origins.allows(origin), origin);
    }
  });

  test('is none that only looks like one', () => {
    for (const origin of [
      'http://app.test',
      'https://app.test:8443',
      'https://app.test.evil',
      'https://evilapp.test',
      'https://below.test',
      'https://evilbelow.test',
      'https://evil.test/.below.test',
      'https://evil.test#.below.test',
      'https://a.below.test.evil',
      'https://a.below.test:8443',
      'https://aXbelow.test',
      'http://localhost:',
      'http://localhost.evil',
      'http://localhost:80@evil',
      'null',
      '',
      'https://app.test https://a.below.test',
    ]) {
      assert.ok(!origins.allows(origin), origin);
    }
  });

  test('that is null is allowed by name alone', () => {
    assert.deepEqual(
      [['*'], ['null'], ['https://*.a']].map((each) => new CorsOrigins(each).allows('null')),
      [false, true, false],
    );
    assert.ok(new CorsOrigins(['*']).allows('https://anywhere'));
  });
});
