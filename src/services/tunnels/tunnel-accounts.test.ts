import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { tokenDigest, UserDirectory } from '../identity/user-directory.ts';
import { TunnelAccounts } from './tunnel-accounts.ts';

const USERS = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('of alice'), may: ['tunnels'] },
  { name: 'bob', tokenSha256: tokenDigest('of bob'), may: ['gateway'] },
]);

function opened(t: TestContext): {
  readonly accounts: TunnelAccounts;
  readonly revoked: string[];
  readonly path: string;
} {
  const path = join(temporaryFolder(t), 'tunnels.db');
  const revoked: string[] = [];
  const accounts = new TunnelAccounts(new TunnelAccountFile(path), USERS, (id) => revoked.push(id));
  t.after(() => accounts.close());
  return { accounts, revoked, path };
}

test('whoever registers gets a token that opens tunnels, and of which nothing is kept but a digest', (t) => {
  const { accounts, path } = opened(t);
  const { token, account } = accounts.register('x@example.com');
  assert.match(token, /^slc_[0-9a-f]{16}_[0-9a-f]{48}$/);
  assert.deepEqual(accounts.find(token), account);
  const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  assert.deepEqual(
    [wrong, `${token} `, '', 'slc__', "' OR 1=1"].map((each) => accounts.find(each)),
    [null, null, null, null, null],
  );
  const files = [path, `${path}-wal`].map((file) => readFileSync(file, 'latin1')).join('');
  assert.ok(!files.includes(token.slice(-48)));
});

test('a new token ends the old one and whoever is connected with it', (t) => {
  const { accounts, revoked } = opened(t);
  const { token, account } = accounts.register('x@example.com');
  const { registered } = account;
  assert.ok(registered !== null);
  const next = accounts.rotate({ ...account, registered });
  assert.deepEqual([accounts.find(token), accounts.find(next.token)?.id, revoked], [null, account.id, [account.id]]);
});

test('users of the configuration who may open tunnels count as well', (t) => {
  const { accounts } = opened(t);
  assert.deepEqual([accounts.find('of alice')?.id, accounts.find('of bob')], ['user:alice', null]);
  accounts.follow(new UserDirectory([]));
  assert.equal(accounts.find('of alice'), null);
});
