import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

const ROW = { id: 'a1', email: 'x@example.com', createdAtMs: 5, tokenId: 't1', tokenSha256: 'ab'.repeat(32) };
const NEW = { ...ROW, lastUsedAtMs: null, expiresAtMs: null };

test('an account is found by the id of its token, also when the file is opened again', (t) => {
  const path = join(temporaryFolder(t), 'deep', 'tunnels.db');
  const first = new TunnelAccountFile(path);
  first.put(NEW);
  first.close();
  const file = new TunnelAccountFile(path);
  t.after(() => file.close());
  assert.deepEqual([file.findByTokenId('t1'), file.findByTokenId('t2')], [NEW, null]);
  assert.throws(() => file.put({ ...NEW, id: 'a2' }), /UNIQUE/);
  file.used('a1', 7);
  file.put({ ...NEW, tokenId: 't2', tokenSha256: 'cd', expiresAtMs: 9 });
  assert.deepEqual(
    [file.findByTokenId('t1'), file.findByTokenId('t2')?.id, file.findById('a1')?.lastUsedAtMs],
    [null, 'a1', 7],
  );
});

test('only its owner can read the file, and looking up goes over an index', (t) => {
  const path = join(temporaryFolder(t), 'tunnels.db');
  new TunnelAccountFile(path).close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  const plan = database.prepare('EXPLAIN QUERY PLAN SELECT * FROM accounts WHERE token_id = ?').all('x');
  assert.match(JSON.stringify(plan), /SEARCH accounts USING .*INDEX/);
});

test('a file of a newer version, or one that is no database, is left alone', (t) => {
  const path = join(temporaryFolder(t), 'tunnels.db');
  new TunnelAccountFile(path).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = readFileSync(path);
  assert.throws(() => new TunnelAccountFile(path), { code: 'config_invalid' });
  assert.deepEqual(readFileSync(path).subarray(0, 60), before.subarray(0, 60));
});

test('names are kept with whom they belong to, the newest word on each', (t) => {
  const path = join(temporaryFolder(t), 'tunnels.db');
  const first = new TunnelAccountFile(path);
  first.keepName({ name: 'app', account: 'a', heldUntilMs: null });
  first.keepName({ name: 'old', account: 'a', heldUntilMs: 5 });
  first.keepName({ name: 'app', account: 'b', heldUntilMs: 7 });
  first.dropName('old');
  first.close();
  const file = new TunnelAccountFile(path);
  t.after(() => file.close());
  assert.deepEqual(file.names(), [{ name: 'app', account: 'b', heldUntilMs: 7 }]);
});

test('accounts are told page by page, and one that is removed takes along what it had', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  for (const id of ['c', 'a', 'b']) file.put({ ...NEW, id, tokenId: id, email: id === 'b' ? 'b@b.c' : NEW.email });
  const ids = (after: string, email: string | null = null): string[] =>
    file.page({ after, most: 2, email }).map(({ id }) => id);
  assert.deepEqual(
    [ids(''), ids('b'), ids('', NEW.email), ids('a', NEW.email)],
    [['a', 'b'], ['c'], ['a', 'c'], ['c']],
  );
  file.used('b', 77);
  assert.equal(file.findById('b')?.lastUsedAtMs, 77);
  file.remove('b');
  assert.deepEqual([file.findById('b'), file.findByTokenId('b')], [null, null]);
});
