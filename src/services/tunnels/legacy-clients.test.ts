import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LegacyClients } from './legacy-clients.ts';
import type { LegacyClient } from './legacy-link.ts';

test('a client is found by its own account only, and as long as it is there', () => {
  const clients = new LegacyClients();
  const [alice, later] = ['alice', 'alice'].map((account) => ({ account, clientId: 'id' }) as LegacyClient);
  clients.add(alice!);
  assert.deepEqual(
    [clients.find('alice', 'id'), clients.find('bob', 'id'), clients.find('alice', '__proto__')],
    [alice, null, null],
  );
  clients.add(later!);
  clients.delete(alice!);
  assert.equal(clients.find('alice', 'id'), later);
  clients.delete(later!);
  assert.equal(clients.find('alice', 'id'), null);
});
