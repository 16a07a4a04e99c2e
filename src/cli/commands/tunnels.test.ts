import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { type RunningAdmin, runAdmin } from '../../../test/support/running-admin.ts';
import { UserDirectory } from '../../services/identity/user-directory.ts';
import { main } from '../main.ts';

async function running(t: TestContext): Promise<RunningAdmin> {
  const admin = await runAdmin(t);
  const config = configOf({ tunnels: { server: { enabled: true } } });
  const { office } = admin.desk;
  office.open(admin.folder, config, new UserDirectory([]));
  office.configure(config, new UserDirectory([]));
  t.after(() => office.close());
  return admin;
}

async function said(admin: RunningAdmin, ...words: string[]): Promise<string> {
  const cli = admin.cli();
  assert.equal(await main(words, cli), 0, cli.err);
  return cli.out.trimEnd();
}

describe('sluice tunnels', () => {
  test('shows what is there, and takes it away', async (t) => {
    const admin = await running(t);
    t.mock.timers.enable({ apis: ['Date'], now: 90_000 });
    assert.equal(await said(admin, 'tunnels'), 'There are no tunnels.');
    const use = { streams: 7, bytesIn: 2_048, bytesOut: 10, reconnects: 1 };
    admin.desk.tunnels = [
      {
        name: 'app',
        node: null,
        url: 'http://a',
        account: 'user:alice',
        sinceMs: 0,
        use,
        clients: 0,
        client: null,
        tcp: null,
      },
    ];
    assert.deepEqual((await said(admin, 'tunnels')).split('\n'), [
      'name  account     client  since   requests  received  sent  reconnects  round trip',
      'app   user:alice  away    1m 30s         7   2.0 KiB  10 B           1',
    ]);
    admin.desk.tunnels = admin.desk.tunnels.map((tunnel) => ({ ...tunnel, node: '10.0.0.5:7946' }));
    admin.desk.missingNodes = ['10.0.0.9:7946'];
    const several = admin.cli();
    assert.equal(await main(['tunnels'], several), 0);
    assert.match(several.out, /round trip {2}node\n.* 10\.0\.0\.5:7946\n$/);
    assert.equal(several.err, '10.0.0.9:7946 has not answered: its tunnels are missing here.\n');
    assert.equal(await said(admin, 'tunnels', 'remove', 'app'), 'app removed');
    assert.equal(JSON.parse(await said(admin, 'tunnels', '--json')).schema, 'sluice.tunnels/v1');
    const cli = admin.cli();
    assert.equal(await main(['tunnels', 'remove', 'nothing'], cli), 1);
    assert.match(cli.err, /no tunnel "nothing"/);
  });

  test('invites, and says what became of it', async (t) => {
    const admin = await running(t);
    assert.equal(await said(admin, 'tunnels', 'invitations'), 'There are no invitations.');
    const code = await said(admin, 'tunnels', 'invite', '--note', 'Ann', '--for', '2h');
    assert.match(code, /^sli_[0-9a-f]{40}$/);
    assert.equal(JSON.parse(await said(admin, 'tunnels', 'invite', '--json')).note, '');
    assert.ok(admin.desk.office.invitations.spend(code, 'a1'));
    const lines = (await said(admin, 'tunnels', 'invitations')).split('\n');
    assert.equal(lines.filter((line) => /Ann .* used by a1$| open$/.test(line)).length, 2);
    const id = lines[1]?.split(' ')[0] ?? '';
    assert.equal((await said(admin, 'tunnels', 'invitations', '--remove', id)).split('\n').length, 2);
    assert.equal(await main(['tunnels', 'invite', '--for', 'ever'], admin.cli()), 2);
  });
});
