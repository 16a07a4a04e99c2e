import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';
import { TUNNEL_ROW_KINDS } from './tunnel-rows.ts';

test('every kind of row is read as it was written, by its key, until it is gone', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const account = {
    id: 'a',
    email: 'x@example.com',
    createdAtMs: 5,
    tokenId: 't',
    tokenSha256: 'ab',
    lastUsedAtMs: null,
    expiresAtMs: 9,
  };
  const hostname = { hostname: 'h.test', account: 'a', challenge: 'c', madeAtMs: 1 };
  const rows = {
    account: ['a', account],
    invitation: ['d', { id: 'i', sha256: 'd', note: '', madeAtMs: 1, expiresAtMs: 9, usedAtMs: 5, account: 'a' }],
    hostname: ['h.test', [{ ...hostname, verifiedAtMs: null, checkedAtMs: 3, problem: 'no' }]],
    limits: ['a', '{"tunnels":1}'],
    port: ['2000', { port: 2000, account: 'a', heldUntilMs: 5 }],
  } as const;
  for (const kind of TUNNEL_ROW_KINDS) {
    const [key, row] = rows[kind];
    const table = file.rows[kind];
    assert.deepEqual([table.read(key), table.keys()], [null, []], kind);
    assert.deepEqual(table.replace(key, JSON.stringify(row)), { before: null, row }, kind);
    assert.deepEqual([table.read(key), table.keys()], [row, [key]], kind);
  }
  for (const kind of TUNNEL_ROW_KINDS) {
    const [key, row] = rows[kind];
    assert.deepEqual(file.rows[kind].replace(key, null).row, null);
    assert.equal(file.rows[kind].read(key), null, JSON.stringify(row));
  }
});

test('a port that a client has is no row, and stays when the row is gone', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  file.ports.keepPort({ port: 2000, account: 'a', heldUntilMs: null });
  const { port } = file.rows;
  assert.deepEqual([port.keys(), port.read('2000')], [[], null]);
  port.write('2000', null);
  assert.equal(file.ports.find(2000)?.account, 'a');
});
