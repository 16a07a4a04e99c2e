import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { LocalTunnelBook } from '../../state/tunnel-book.ts';
import { tokenDigest, UserDirectory } from '../identity/user-directory.ts';
import { isRegistered, isRevoked, type RegisteredAccount, TunnelAccounts } from './tunnel-accounts.ts';

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
  const file = new TunnelAccountFile(path);
  const book = new LocalTunnelBook(file, (change) => void (change.kind === 'account' && accounts.changed(change)));
  const onRevoked = (id: string, why: string): void => void revoked.push(`${id}: ${why}`);
  const accounts = new TunnelAccounts({ file, book, users: USERS, onRevoked });
  t.after(() => accounts.close());
  return { accounts, revoked, path };
}

async function registered(
  accounts: TunnelAccounts,
): Promise<{ readonly token: string; readonly account: RegisteredAccount }> {
  const issued = await accounts.add({ email: 'x@example.com', expiresAtMs: null });
  assert.ok(issued !== null && isRegistered(issued.account));
  return { token: issued.token, account: issued.account };
}

test('whoever registers gets a token that opens tunnels, and of which nothing is kept but a digest', async (t) => {
  const { accounts, path } = opened(t);
  const { token, account } = await registered(accounts);
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

test('a new token ends the old one and whoever is connected with it', async (t) => {
  const { accounts, revoked } = opened(t);
  const { token, account } = await registered(accounts);
  const next = await accounts.rotate(account, null);
  assert.deepEqual([accounts.find(token), accounts.find(next.token)?.id], [null, account.id]);
  assert.deepEqual(revoked, [`${account.id}: the token was replaced`]);
});

test('users of the configuration who may open tunnels count as well', async (t) => {
  const { accounts } = opened(t);
  assert.deepEqual([accounts.find('of alice')?.id, accounts.find('of bob')], ['user:alice', null]);
  accounts.follow(new UserDirectory([]));
  assert.equal(accounts.find('of alice'), null);
});

test('a token is worth nothing when its time is over, when it is revoked, and when its account is gone', async (t) => {
  const { accounts, revoked } = opened(t);
  const { token, account } = await registered(accounts);
  await accounts.expire(account, Date.now() + 60_000);
  assert.deepEqual([accounts.find(token)?.id, revoked], [account.id, []]);
  await accounts.expire(account, Date.now() - 1);
  assert.equal(accounts.find(token), null);
  const next = await accounts.rotate(account, null);
  await accounts.revoke(account);
  assert.equal(accounts.find(next.token), null);
  const row = accounts.findById(account.id)?.registered;
  assert.ok(row !== null && row !== undefined && isRevoked(row));
  await accounts.remove(account);
  assert.deepEqual([accounts.findById(account.id), accounts.page({ after: '', most: 9, email: null })], [null, []]);
  assert.deepEqual(
    revoked.map((each) => each.split(': ')[1]),
    ['the token has expired', 'the token was replaced', 'the token was revoked', 'the account was removed'],
  );
});

test('a token from another server can be taken over, once, and is found as its own are', async (t) => {
  const { accounts } = opened(t);
  const token = 'rt_live_0123456789abcdef';
  const issued = await accounts.add({ email: 'x@example.com', expiresAtMs: null, token });
  assert.deepEqual([accounts.find(token)?.id, issued?.token], [issued?.account.id, token]);
  assert.equal(await accounts.add({ email: 'y@example.com', expiresAtMs: null, token }), null);
});

test('when an account was used is known to the minute', async (t) => {
  const { accounts } = opened(t);
  const { token } = await registered(accounts);
  const found = accounts.find(token);
  assert.ok(found !== null);
  accounts.used(found);
  assert.ok((accounts.find(token)?.registered?.lastUsedAtMs ?? 0) > Date.now() - 10_000);
});
