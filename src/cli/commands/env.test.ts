import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { runAdmin, withDoors } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

const EGRESS = { name: 'egress', address: 'http://127.0.0.1:8888', openConnections: 0 } as const;

describe('sluice env', () => {
  test('prints lines for a shell, and nothing else', async (t) => {
    const admin = await runAdmin(t);
    withDoors(admin, [EGRESS]);
    const cli = admin.cli();
    assert.equal(await main(['env', '--shell', 'bash'], cli), 0, cli.err);
    assert.match(cli.out, /^(?:export \w+='[^']*'\n)+$/);
    assert.match(cli.out, /^export https_proxy='http:\/\/127\.0\.0\.1:8888'$/m);
    assert.match(cli.out, /^export NODE_USE_ENV_PROXY='1'$/m);
    assert.equal(cli.err, '');
  });

  test('gives them as JSON', async (t) => {
    const admin = await runAdmin(t);
    withDoors(admin, [EGRESS]);
    const cli = admin.cli();
    await main(['env', '--json'], cli);
    const { schema, variables } = JSON.parse(cli.out);
    assert.deepEqual([schema, variables.HTTP_PROXY], ['sluice.env/v1', EGRESS.address]);
  });

  test('takes them away without a Sluice', async () => {
    const cli = new FakeCli();
    assert.equal(await main(['env', '--unset', '--shell', 'sh'], cli), 0);
    assert.match(cli.out, /^unset HTTP_PROXY\nunset http_proxy\n/);
  });

  test('prints nothing that could be taken for a variable when there is no proxy', async (t) => {
    const cli = (await runAdmin(t)).cli();
    assert.equal(await main(['env'], cli), 2);
    assert.equal(cli.out, '');
    assert.match(cli.err, /no forward proxy/);
    const wrong = new FakeCli();
    assert.equal(await main(['env', '--shell', 'tcsh'], wrong), 2);
  });
});
