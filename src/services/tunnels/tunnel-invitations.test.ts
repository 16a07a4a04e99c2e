import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { LocalTunnelBook } from '../../state/tunnel-book.ts';
import { TunnelInvitations } from './tunnel-invitations.ts';

test('an invitation lets one in, and nothing of it is kept that would let in another', async (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const invitations = new TunnelInvitations(file.invitations, new LocalTunnelBook(file, () => {}));
  const { code, invitation } = await invitations.make('for Ann', 60_000);
  assert.match(code, /^sli_[0-9a-f]{40}$/);
  assert.ok(!JSON.stringify(invitations.all()).includes(code.slice(4)));
  assert.deepEqual(
    [await invitations.spend('sli_x', 'b'), await invitations.spend(code, 'a'), await invitations.spend(code, 'b')],
    [false, true, false],
  );
  assert.deepEqual([invitations.all()[0]?.account, await invitations.remove(invitation.id)], ['a', true]);
  const late = await invitations.make('', -1);
  assert.equal(await invitations.spend(late.code, 'c'), false);
});
