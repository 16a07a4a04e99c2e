import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { VERSION } from '../../runtime/version.ts';
import { versionCommand } from './version.ts';

test('sluice version tells the version, for people and for programs', async () => {
  const cli = new FakeCli();
  await versionCommand(cli).parseAsync([], { from: 'user' });
  assert.ok(cli.out.startsWith(`sluice ${VERSION} (node ${process.version}, `));
  cli.stdout.text = '';
  await versionCommand(cli).parseAsync(['--json'], { from: 'user' });
  const { platform, arch, version: node } = process;
  assert.deepEqual(JSON.parse(cli.out), { schema: 'sluice.version/v1', version: VERSION, node, platform, arch });
});
