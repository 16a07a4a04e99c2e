import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { MemoryShare, MemoryState } from './memory-state.ts';
import { SharedRows } from './shared-rows.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';
import { LocalTunnelBook, SharedTunnelBook } from './tunnel-book.ts';

const ACCOUNT = {
  id: 'a1',
  email: 'x@example.com',
  createdAtMs: 5,
  tokenId: 't1',
  tokenSha256: 'ab'.repeat(32),
  lastUsedAtMs: null,
  expiresAtMs: null,
};

function opened(t: TestContext, path = join(temporaryFolder(t), 'tunnels.db')): TunnelAccountFile {
  const file = new TunnelAccountFile(path);
  t.after(() => file.close());
  return file;
}

function shared(
  t: TestContext,
  share: MemoryShare,
  file = opened(t),
): {
  readonly file: TunnelAccountFile;
  readonly book: SharedTunnelBook;
  readonly told: string[];
} {
  const told: string[] = [];
  const book = new SharedTunnelBook({
    file,
    open: (options) => new SharedRows({ ...options, state: new MemoryState(share) }),
    onChange: ({ kind, key, row }) => told.push(`${kind} ${key} ${row === null ? 'gone' : 'is'}`),
    onProblem: (error) => told.push(String(error)),
  });
  t.after(() => book.close());
  return { file, book, told };
}

test('alone, a change is made in its tables at once, and told', async (t) => {
  const file = opened(t);
  const told: string[] = [];
  const book = new LocalTunnelBook(file, ({ kind, before, row }) =>
    told.push(`${kind} ${before === null} ${row === null}`),
  );
  assert.equal(book.catchUp(), null);
  await book.change('account', 'a1', () => ACCOUNT);
  file.used('a1', 7);
  const made = await book.change('account', 'a1', (row) => (row === null ? undefined : { ...row, tokenId: 't2' }));
  assert.deepEqual([made?.tokenId, file.findByTokenId('t2')?.lastUsedAtMs], ['t2', 7]);
  assert.equal(await book.change('account', 'none', (row) => (row === null ? undefined : row)), undefined);
  await book.change('limits', 'a1', () => '{"tunnels":1}');
  await book.change('account', 'a1', () => null);
  assert.deepEqual([file.findById('a1'), file.use.limits().size], [null, 0]);
  assert.deepEqual(told, ['account true false', 'account false false', 'limits true false', 'account false true']);
  await assert.rejects(
    book.change('account', 'a1', () => {
      throw new Error('no');
    }),
    /no/,
  );
});

test('on nodes, a change of one is in the tables of all, and found at the price of one row', async (t) => {
  const share = new MemoryShare();
  const own = opened(t);
  own.put({ ...ACCOUNT, id: 'old', tokenId: 'of before' });
  const [one, other] = [shared(t, share, own), shared(t, share)];
  await one.book.catchUp();
  await one.book.change('account', 'a1', () => ACCOUNT);
  await one.book.change('hostname', 'app.test', () => [
    {
      hostname: 'app.test',
      account: 'a1',
      challenge: 'x',
      madeAtMs: 1,
      verifiedAtMs: 2,
      checkedAtMs: 2,
      problem: null,
    },
  ]);
  await other.book.look('account', 'a1');
  assert.deepEqual(other.file.findByTokenId('t1'), ACCOUNT);
  await other.book.look('account', 'none');
  await other.book.catchUp();
  assert.deepEqual([other.file.findByTokenId('t1'), other.file.findById('old')?.tokenId], [ACCOUNT, 'of before']);
  assert.deepEqual(other.file.hostnames.verified()[0]?.account, 'a1');
  await other.book.change('account', 'a1', () => null);
  while (one.file.findById('a1') !== null) await pause(1);
  assert.deepEqual(one.told.at(-1), 'account a1 gone');
});

test('of two who spend an invitation at once one gets in', async (t) => {
  const share = new MemoryShare();
  const [one, other] = [shared(t, share), shared(t, share)];
  const row = { id: 'i', sha256: 'd', note: '', madeAtMs: 1, expiresAtMs: 9, usedAtMs: null, account: null };
  await one.book.change('invitation', 'd', () => row);
  const spent = [one, other, one].map(({ book }, at) =>
    book.change('invitation', 'd', (known) =>
      known === null || known.usedAtMs !== null ? undefined : { ...known, usedAtMs: 5, account: String(at) },
    ),
  );
  assert.equal((await Promise.all(spent)).filter((each) => each !== undefined).length, 1);
});
