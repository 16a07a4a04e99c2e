import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { UserDirectory } from '../../services/identity/user-directory.ts';
import { main } from '../main.ts';

test('accounts are made, limited, given another token and taken away', async (t) => {
  const admin = await runAdmin(t);
  const config = configOf({ tunnels: { server: { enabled: true } } });
  const { office } = admin.desk;
  office.open(admin.folder, config, new UserDirectory([]));
  office.configure(config, new UserDirectory([]));
  t.after(() => office.close());
  const said = async (...words: string[]): Promise<string> => {
    const cli = admin.cli();
    assert.equal(await main(['tunnels', 'accounts', ...words], cli), 0, cli.err);
    return cli.out.trimEnd();
  };
  assert.equal(await said(), 'There are no accounts.');
  const token = await said('add', 'ann@example.com');
  const id = (await office.find(token))?.id ?? assert.fail('the token is none');
  assert.match(await said('limit', id, '--tunnels', '3', '--bytes-per-day', '10MiB'), /tunnels +3  its own\n/);
  assert.deepEqual([office.limitsOf(id).tunnels, office.limitsOf(id).bytesPerDay], [3, 10 * 1024 * 1024]);
  assert.match(await said(), new RegExp(`^id .*\n${id}  ann@example.com  ok +0/3 `));
  await said('limit', id, '--reset');
  assert.equal(office.limitsOf(id).tunnels, 32);
  const next = await said('renew', id);
  assert.deepEqual([await office.find(token), (await office.find(next))?.id], [null, id]);
  assert.equal(await said('revoke', id), `${id} revoked`);
  assert.match(await said(), / revoked /);
  assert.equal(JSON.parse(await said('--json')).accounts.length, 1);
  assert.equal(await said('remove', id), `${id} removed`);
  const cli = admin.cli();
  const codes = [
    await main(['tunnels', 'accounts', 'limit', id], cli),
    await main(['tunnels', 'accounts', 'limit', id, '--tunnels', '0'], cli),
    await main(['tunnels', 'accounts', 'limit', id, '--bytes-per-day', 'much'], cli),
    await main(['tunnels', 'accounts', 'remove', id], cli),
  ];
  assert.deepEqual(codes, [2, 2, 2, 1]);
});
