import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

test('an invitation is good once, until its time is over', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const { invitations } = file;
  invitations.add({ id: '1', sha256: 'one', note: 'for Ann', madeAtMs: 1, expiresAtMs: 100 });
  invitations.add({ id: '2', sha256: 'two', note: '', madeAtMs: 2, expiresAtMs: 50 });
  assert.deepEqual(
    [
      invitations.spend('one', 60, 'a'),
      invitations.spend('one', 61, 'b'),
      invitations.spend('two', 60, 'b'),
      invitations.spend('three', 1, 'b'),
    ],
    [true, false, false, false],
  );
  assert.deepEqual(
    invitations.all().map(({ id, usedAtMs, account }) => [id, usedAtMs, account]),
    [
      ['2', null, null],
      ['1', 60, 'a'],
    ],
  );
  invitations.forget(60);
  assert.deepEqual([invitations.remove('1'), invitations.remove('1'), invitations.all()], [true, false, []]);
});
