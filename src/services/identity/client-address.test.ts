import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { ClientAddress } from './client-address.ts';

const client = new ClientAddress(['10.0.0.0/8', 'fd00::/8']);

function addressOf(peer: string, ...values: string[]): string | null {
  const fields = { getAll: (name: string) => (name === 'x-forwarded-for' ? values : []) };
  return client.of({ client: { address: peer }, request: { fields } } as unknown as Exchange);
}

describe('the address of a client', () => {
  test('is that of its connection, whatever it says itself', () => {
    assert.equal(addressOf('203.0.113.1', '198.51.100.1'), '203.0.113.1');
    assert.equal(addressOf(''), '');
  });

  test('is the right-most one that is not trusted, behind proxies that are', () => {
    assert.equal(addressOf('10.0.0.1', '198.51.100.1'), '198.51.100.1');
    assert.equal(addressOf('10.0.0.1', '127.0.0.1, 198.51.100.1 , 10.9.9.9'), '198.51.100.1');
    assert.equal(addressOf('10.0.0.1', '127.0.0.1, 198.51.100.1', '10.9.9.9'), '198.51.100.1');
    assert.equal(addressOf('fd00::1', '2001:DB8:0::1, fd00::2'), '2001:db8::1');
    assert.equal(addressOf('::ffff:10.0.0.1', '::ffff:198.51.100.1'), '198.51.100.1');
  });

  test('may have been written with a port', () => {
    assert.equal(addressOf('10.0.0.1', '198.51.100.1:4711'), '198.51.100.1');
    assert.equal(addressOf('10.0.0.1', '[2001:db8::1]:4711'), '2001:db8::1');
    assert.equal(addressOf('10.0.0.1', '[2001:db8::1]'), '2001:db8::1');
  });

  test('is that of the farthest proxy when all are trusted, and of the nearest when it names nobody', () => {
    assert.equal(addressOf('10.0.0.1', '10.0.0.3, 10.0.0.2'), '10.0.0.3');
    assert.equal(addressOf('10.0.0.1'), '10.0.0.1');
    assert.equal(addressOf('10.0.0.1', ''), '10.0.0.1');
    assert.equal(addressOf('10.0.0.1', ' , ,'), '10.0.0.1');
  });

  test('is unknown when a trusted proxy says what is no address', () => {
    for (const value of ['unknown', '_hidden', '198.51.100.1, unknown', '1.2.3', '198.51.100.1:x', '[10.0.0.1']) {
      assert.equal(addressOf('10.0.0.1', value), null, value);
    }
  });

  test('is the same each time, however many lists have come between', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5000; i++) {
        const address = `198.51.${i >> 8}.${i & 0xff}`;
        assert.equal(addressOf('10.0.0.1', address), address);
      }
      assert.equal(addressOf('10.0.0.1', 'unknown'), null);
    }
  });

  test('is found at the end of a list of any length', () => {
    const list = `${'192.0.2.1, '.repeat(100)}198.51.100.1`;
    for (let round = 0; round < 2; round++) assert.equal(addressOf('10.0.0.1', list), '198.51.100.1');
  });

  test('of a proxy that names nobody is its own, whichever of them asks', () => {
    assert.equal(addressOf('10.0.0.1', ''), '10.0.0.1');
    assert.equal(addressOf('10.0.0.2', ''), '10.0.0.2');
  });

  test('is not made unknown by what stands to the left of it', () => {
    assert.equal(addressOf('10.0.0.1', 'unknown, 198.51.100.1'), '198.51.100.1');
  });
});
