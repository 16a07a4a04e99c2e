// Tokens that are made while Sluice runs.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import { tokenDigest } from '../../services/identity/user-directory.ts';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { SharedRows, type SharedRowsOptions } from '../../state/shared-rows.ts';
import { TokenDesk } from './token-desk.ts';

const ALICE = { name: 'alice', token: 'alice-token', may: ['egress', 'ai'] };
const config = configOf({ users: [ALICE] });
const sha256 = tokenDigest('second');
const apply = (): Promise<void> => Promise.resolve();

describe('a token that was made', () => {
  test('opens what its user may beside the one of the config, after a restart too, until it is taken back', async (t) => {
    const folder = temporaryFolder(t);
    const desk = new TokenDesk({ dataDir: folder });
    assert.equal(desk.over(config), config);
    const { id } = await desk.issue(config, { user: 'alice', may: null, sha256 }, apply);
    const find = (from: TokenDesk, token: string): unknown => {
      const user = configuredUsers(from.over(config).users).findByToken(token);
      return user === null ? null : [user.name, ...user.may];
    };
    for (const each of [desk, new TokenDesk({ dataDir: folder })]) {
      assert.deepEqual(find(each, 'second'), ['alice', 'egress', 'ai']);
      assert.deepEqual(find(each, 'alice-token'), ['alice', 'egress', 'ai']);
    }
    assert.equal(desk.over(config), desk.over(config));
    assert.equal((await desk.revoke(id ?? '', apply))?.user, 'alice');
    assert.equal(find(desk, 'second'), null);
    assert.equal(await desk.revoke(id ?? '', apply), null);
  });

  test('is never good for more than its user, and ends with them', async (t) => {
    const desk = new TokenDesk({ dataDir: temporaryFolder(t) });
    await assert.rejects(desk.issue(config, { user: 'alice', may: ['admin'], sha256 }, apply), {
      code: 'invalid_input',
    });
    await desk.issue(config, { user: 'alice', may: ['ai', 'egress'], sha256 }, apply);
    const less = configOf({ users: [{ ...ALICE, may: ['ai'] }] });
    assert.deepEqual(desk.over(less).users[0]?.issued, [{ sha256, may: ['ai'] }]);
    const gone = configOf({});
    assert.deepEqual(desk.over(gone).users, []);
    assert.deepEqual(
      desk.reports(gone).map(({ isInForce }) => isInForce),
      [false],
    );
  });

  test('may be for somebody who is not in the config, when it says what for', async (t) => {
    const desk = new TokenDesk({ dataDir: temporaryFolder(t) });
    await assert.rejects(desk.issue(config, { user: 'ci', may: null, sha256 }, apply), { code: 'invalid_input' });
    await desk.issue(config, { user: 'ci', may: ['egress'], sha256 }, apply);
    const users = configuredUsers(desk.over(config).users);
    assert.equal(users.findByToken('second')?.name, 'ci');
    assert.deepEqual(
      desk.reports(config).map(({ id, user }) => [id === null, user]),
      [
        [true, 'alice'],
        [false, 'ci'],
      ],
    );
  });

  test('does not count when it cannot come into force', async (t) => {
    const desk = new TokenDesk({ dataDir: temporaryFolder(t) });
    const fail = (): Promise<void> => Promise.reject(new Error('no'));
    await assert.rejects(desk.issue(config, { user: 'alice', may: null, sha256 }, fail), /no/);
    assert.equal(desk.over(config), config);
  });
});

/** On nodes that share what they have. */
function sharedDesk(t: TestContext, share: MemoryShare, dataDir = temporaryFolder(t)): TokenDesk {
  const rows = (options: Omit<SharedRowsOptions, 'state'>): SharedRows => {
    return new SharedRows({ ...options, state: new MemoryState(share) });
  };
  const desk = new TokenDesk({ dataDir, nodes: { isShared: true, rows } });
  t.after(() => desk.close());
  return desk;
}

test('tokens of one node count on all, and end on all', { timeout: 20_000 }, async (t) => {
  const share = new MemoryShare();
  const own = new TokenDesk({ dataDir: temporaryFolder(t) });
  const folder = temporaryFolder(t);
  const alone = new TokenDesk({ dataDir: folder });
  const before = await alone.issue(config, { user: 'old', may: ['egress'], sha256: 'a'.repeat(64) }, async () => {});
  const [one, other] = [sharedDesk(t, share, folder), sharedDesk(t, share)];
  await Promise.all([one.ready(5_000), other.ready(5_000)]);
  const ids = (desk: TokenDesk): (string | null)[] => desk.reports(config).flatMap(({ id }) => id ?? []);
  // What a node had before is carried over.
  let changes = 0;
  const changed = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void ((changes += 1), condition() && resolve());
      other.watch(look);
      look();
    });
  await changed(() => ids(other).includes(before.id));
  const told: string[] = [];
  const made = await one.issue(config, { user: 'new', may: ['egress'], sha256: 'b'.repeat(64) }, async () => {
    told.push('made');
  });
  await changed(() => ids(other).length === 2);
  assert.ok(changes > 0);
  assert.deepEqual((await other.revoke(made.id ?? '', async () => void told.push('revoked')))?.user, 'new');
  assert.equal(await one.revoke('none', async () => void told.push('none')), null);
  while (ids(one).length > 1) await new Promise(setImmediate);
  assert.deepEqual([told, ids(one), ids(own)], [['made', 'revoked'], [before.id], []]);
  // Alone again it has what it knew last.
  await new Promise(setImmediate);
  one.close();
  assert.deepEqual(ids(new TokenDesk({ dataDir: folder })), [before.id]);
});
