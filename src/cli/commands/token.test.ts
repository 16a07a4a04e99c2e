import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

describe('sluice token', () => {
  test('makes a token and prints it alone, lists it without, and takes it back', async (t) => {
    const admin = await runAdmin(t);
    const made = admin.cli();
    assert.equal(await main(['token', 'create', '--user', 'ci', '--may', 'egress, ai'], made), 0, made.err);
    assert.match(made.out, /^slc_\S+\n$/);
    const id = /sluice token revoke (\S+)/.exec(made.err)?.[1] ?? assert.fail(made.err);
    assert.ok(!made.err.includes(made.out.trim()));
    const listed = admin.cli();
    await main(['token', 'ls'], listed);
    assert.match(listed.out, new RegExp(`^${id} +ci +egress, ai +\\S`, 'm'));
    assert.doesNotMatch(listed.out, /slc_/);
    const revoked = admin.cli();
    assert.equal(await main(['token', 'revoke', id], revoked), 0, revoked.err);
    const empty = admin.cli();
    await main(['token', 'ls'], empty);
    assert.match(empty.out, /^No tokens\. Make one with/);
    assert.notEqual(await main(['token', 'revoke', id], admin.cli()), 0);
  });

  test('gives JSON, and says what is wrong', async (t) => {
    const admin = await runAdmin(t);
    const cli = admin.cli();
    await main(['token', 'create', '--user', 'ci', '--may', 'exec', '--json'], cli);
    const { schema, user, may, token } = JSON.parse(cli.out) as Record<string, unknown>;
    assert.deepEqual([schema, user, may], ['sluice.token/v1', 'ci', ['exec']]);
    assert.match(String(token), /^slc_/);
    const wrong = admin.cli();
    assert.notEqual(await main(['token', 'create', '--user', 'nobody'], wrong), 0);
    assert.match(wrong.err, /nobody is no user of the config/);
    assert.notEqual(await main(['token', 'create', '--user', 'ci', '--may', 'everything'], admin.cli()), 0);
  });
});
