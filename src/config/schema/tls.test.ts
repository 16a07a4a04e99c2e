import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientTls, serverTls } from './tls.ts';

describe('TLS of a door', () => {
  test('has a list of certificates, however they are written', () => {
    const [one, two] = [
      { cert: 'a', key: 'b' },
      { cert: 'c', key: 'd' },
    ];
    const read = (value: unknown) => serverTls.safeParse(value).data?.certificates;
    assert.deepEqual(read(one), [one]);
    assert.deepEqual(read({ certificates: [one, two] }), [one, two]);
    assert.deepEqual(read({ ...one, certificates: [two] }), [one, two]);
  });

  test('needs a certificate with its key', () => {
    for (const wrong of [{}, { cert: 'a' }, { key: 'a' }, { certificates: [{ cert: 'a' }] }]) {
      assert.ok(!serverTls.safeParse(wrong).success, JSON.stringify(wrong));
    }
  });
});

test('TLS towards others verifies, and presents a certificate only with its key', () => {
  assert.deepEqual(clientTls.parse({}), { ca: null, cert: null, key: null, server_name: null, verify: true });
  assert.ok(!clientTls.safeParse({ cert: 'a' }).success);
  assert.ok(clientTls.safeParse({ cert: 'a', key: 'b' }).success);
});
