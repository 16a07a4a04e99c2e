import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runAdmin, withDoors } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

const EGRESS = { name: 'egress', address: 'http://127.0.0.1:8888', openConnections: 0 } as const;
const SCRIPT =
  'require("fs").writeFileSync("out", JSON.stringify([process.env.https_proxy, process.argv.slice(1)])); process.exit(5)';

describe('sluice run', () => {
  test('runs a command through the proxy, with its own options, and ends as it ends', async (t) => {
    const admin = await runAdmin(t);
    withDoors(admin, [EGRESS]);
    for (const words of [['run', '--'], ['run']]) {
      const cli = admin.cli();
      const code = await main([...words, process.execPath, '-e', SCRIPT, '--', '-v', '--user', 'x y'], cli);
      assert.deepEqual([code, cli.err], [5, '']);
      const [proxy, args] = JSON.parse(readFileSync(join(admin.folder, 'out'), 'utf8'));
      assert.deepEqual([proxy, args], [EGRESS.address, ['-v', '--user', 'x y']]);
    }
  });

  test('says when there is no such command', async (t) => {
    const admin = await runAdmin(t);
    withDoors(admin, [EGRESS]);
    const cli = admin.cli();
    assert.equal(await main(['run', '--', 'sluice-no-such-command'], cli), 127);
    assert.equal(cli.err, 'sluice: sluice-no-such-command: there is no such command\n');
  });

  test('runs nothing when no proxy is there, nor without a command', async (t) => {
    const admin = await runAdmin(t);
    const cli = admin.cli();
    assert.equal(await main(['run', '--', process.execPath, '-e', SCRIPT], cli), 2);
    assert.equal(existsSync(join(admin.folder, 'out')), false);
    assert.equal(await main(['run'], admin.cli()), 2);
  });
});
