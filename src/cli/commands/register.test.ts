import assert from 'node:assert/strict';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';
import { readTunnelTokens } from '../../runtime/tunnel-client/tunnel-tokens.ts';

test('sluice register saves the token that it gets, and prints it only when asked', async (t) => {
  const said: unknown[] = [];
  const { port } = await ScriptedServer.open(t, (request, response) => {
    void json(request).then((body) => {
      said.push(body);
      response.end('{"auth_token": "slc_1_abc"}');
    });
  });
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd } });
  const args = ['register', '--server', `127.0.0.1:${port}`];
  assert.equal(await main(args, cli), 0);
  assert.deepEqual([cli.out, cli.err.includes('slc_1_abc')], ['', false]);
  assert.equal(readTunnelTokens(cwd).tokens[`ws://127.0.0.1:${port}`], 'slc_1_abc');
  assert.equal(await main([...args, '--email', 'ann@example.com', '--print'], cli), 0);
  assert.equal(cli.out, 'slc_1_abc\n');
  assert.deepEqual(said[1], { email: 'ann@example.com' });
});

test('sluice register ends with 75 where the server cannot be reached', async (t) => {
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd } });
  assert.equal(await main(['register', '--server', '127.0.0.1:1'], cli), 75);
});
