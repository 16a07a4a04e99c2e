// Tokens that are made while Sluice runs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import { tokenDigest } from '../../services/identity/user-directory.ts';
import { TokenDesk } from './token-desk.ts';

const ALICE = { name: 'alice', token: 'alice-token', may: ['egress', 'ai'] };
const config = configOf({ users: [ALICE] });
const sha256 = tokenDigest('second');
const apply = (): Promise<void> => Promise.resolve();

describe('a token that was made', () => {
  test('opens what its user may beside the one of the config, after a restart too, until it is taken back', async (t) => {
    const folder = temporaryFolder(t);
    const desk = new TokenDesk(folder);
    assert.equal(desk.over(config), config);
    const { id } = await desk.issue(config, { user: 'alice', may: null, sha256 }, apply);
    const find = (from: TokenDesk, token: string): unknown => {
      const user = configuredUsers(from.over(config).users).findByToken(token);
      return user === null ? null : [user.name, ...user.may];
    };
    for (const each of [desk, new TokenDesk(folder)]) {
      assert.deepEqual(find(each, 'second'), ['alice', 'egress', 'ai']);
      assert.deepEqual(find(each, 'alice-token'), ['alice', 'egress', 'ai']);
    }
    assert.equal(desk.over(config), desk.over(config));
    assert.equal((await desk.revoke(id ?? '', apply))?.user, 'alice');
    assert.equal(find(desk, 'second'), null);
    assert.equal(await desk.revoke(id ?? '', apply), null);
  });

  test('is never good for more than its user, and ends with them', async (t) => {
    const desk = new TokenDesk(temporaryFolder(t));
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
    const desk = new TokenDesk(temporaryFolder(t));
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
    const desk = new TokenDesk(temporaryFolder(t));
    const fail = (): Promise<void> => Promise.reject(new Error('no'));
    await assert.rejects(desk.issue(config, { user: 'alice', may: null, sha256 }, fail), /no/);
    assert.equal(desk.over(config), config);
  });
});
