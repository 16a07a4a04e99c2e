import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';
import { readTunnelTokens } from '../../runtime/tunnel-client/tunnel-tokens.ts';

test('sluice authtoken saves a token for its server, for its owner alone, and does not show it', async (t) => {
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd } });
  assert.equal(await main(['authtoken', 'slc_1_abc', '--server', 'wss://tunnels.example.com'], cli), 0);
  const server = 'wss://tunnels.example.com:443';
  assert.deepEqual(readTunnelTokens(cwd), { server, tokens: { [server]: 'slc_1_abc' } });
  assert.equal(statSync(join(cwd, 'tunnel-tokens.json')).mode & 0o777, 0o600);
  assert.equal(cli.err.includes('slc_1_abc'), false);
  assert.equal(await main(['authtoken', 'a b'], cli), 2);
});
