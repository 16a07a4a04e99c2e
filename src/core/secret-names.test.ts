import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { isSecretField, isSecretHeader, isSecretParameter } from './secret-names.ts';

describe('names of secrets', () => {
  test('a field is secret by its ending, whatever its case and separators', () => {
    for (const name of [
      'token',
      'auth_token',
      'accessToken',
      'DB_PASSWORD',
      'X-Api-Key',
      'client.secret',
      'token_sha256',
    ])
      assert.ok(isSecretField(name), name);
  });

  test('fields that only sound like a secret stay readable', () => {
    for (const name of ['code', 'key', 'session_id', 'max_tokens', 'token_url', 'tokens', 'author', 'passed', 'design'])
      assert.ok(!isSecretField(name), name);
  });

  test('a parameter is secret under the short names that queries use, too', () => {
    for (const name of [
      'code',
      'key',
      'sig',
      'sid',
      'auth',
      'access_token',
      'X-Amz-Signature',
      'password',
      'user[password]',
    ])
      assert.ok(isSecretParameter(name), name);
    for (const name of ['q', 'page', 'country_code', 'keyword', 'sort', 'state'])
      assert.ok(!isSecretParameter(name), name);
  });

  test('a header is secret when it carries credentials, keys or signatures', () => {
    const secret = [
      'Authorization',
      'proxy-authorization',
      'Cookie',
      'Set-Cookie',
      'x-api-key',
      'X-Auth-Key',
      'X-Auth',
    ];
    for (const name of [...secret, 'X-Hub-Signature-256', 'PRIVATE-TOKEN', 'x-goog-api-key'])
      assert.ok(isSecretHeader(name), name);
    const harmless = ['Sec-WebSocket-Key', 'Idempotency-Key', 'Host', 'Accept', 'WWW-Authenticate', 'Cache-Control'];
    for (const name of harmless) assert.ok(!isSecretHeader(name), name);
  });
});
