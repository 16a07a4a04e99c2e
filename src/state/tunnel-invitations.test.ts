import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

test('invitations are found by their digest, and told the newest first', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const { invitations } = file;
  const one = { id: '1', sha256: 'one', note: 'for Ann', madeAtMs: 1, expiresAtMs: 100, usedAtMs: null, account: null };
  invitations.put(one);
  invitations.put({ ...one, id: '2', sha256: 'two', madeAtMs: 2 });
  invitations.put({ ...one, usedAtMs: 60, account: 'a' });
  assert.deepEqual([invitations.find('one')?.account, invitations.find('three')], ['a', null]);
  assert.deepEqual(
    invitations.all().map(({ id, usedAtMs, account }) => [id, usedAtMs, account]),
    [
      ['2', null, null],
      ['1', 60, 'a'],
    ],
  );
  invitations.remove('two');
  assert.deepEqual(
    invitations.all().map(({ id }) => id),
    ['1'],
  );
});
