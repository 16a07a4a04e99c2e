import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { ClientAddress } from '../identity/client-address.ts';
import { peerAddress } from './peer-address.ts';

function address(peer: string, fields: Record<string, string>, trusted: string[] = []): string {
  const view = {
    get: (name: string) => fields[name],
    getAll: (name: string) => (name in fields ? [fields[name]] : []),
  };
  const exchange = { client: { address: peer }, request: { fields: view } } as unknown as Exchange;
  return peerAddress(exchange, trusted.length === 0 ? null : new ClientAddress(trusted));
}

test('a client is where it connects from, and behind whom we trust, where that says', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.5, 192.0.2.1' };
  assert.equal(address('192.0.2.9', forwarded), '192.0.2.9');
  assert.equal(address('192.0.2.9', forwarded, ['192.0.2.9']), '192.0.2.1');
  assert.equal(address('', forwarded), '192.0.2.1');
  assert.equal(address('', { ...forwarded, 'sluice-tunnel-visitor': '198.51.100.7' }), '198.51.100.7');
  assert.equal(address('', {}), '');
});
