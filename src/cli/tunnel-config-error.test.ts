import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { main } from './main.ts';
import { readingTunnelConfig, TunnelConfigError } from './tunnel-config-error.ts';

test('a client of tunnels ends with 78 for a configuration that it cannot read, and says what is wrong', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'sluice.yaml'), 'tunnels: { client: { tunnels: [{ name: web, local_prot: 80 }] } }\n');
  for (const words of [['start'], ['http', '80'], ['tcp', '22']]) {
    const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'x' } });
    assert.equal(await main(words, cli), 78, words.join(' '));
    assert.match(cli.err, /local_prot.*\n[\s\S]*did you mean/);
  }
});

test('what else goes wrong stays what it is', async () => {
  const fault = new Error('a fault');
  const failed = await readingTunnelConfig(() => Promise.reject(fault)).catch((error: unknown) => error);
  assert.equal(failed, fault);
  assert.ok(!(failed instanceof TunnelConfigError));
});
