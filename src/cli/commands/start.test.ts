import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

test('sluice start opens all tunnels of a retunnel.yml', async (t) => {
  const server = await ScriptedServer.open(t);
  const cwd = temporaryFolder(t);
  const tunnels =
    '  - {name: web, protocol: http, local_port: 1, subdomain: web}\n  - {name: api, protocol: http, local_port: 2}\n';
  writeFileSync(
    join(cwd, 'retunnel.yml'),
    `server_addr: 127.0.0.1:${server.port}\nauth_token: secret\ntunnels:\n${tunnels}`,
  );
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd } });
  const ended = main(['start'], cli);
  await (await server.client()).accept(['web', 'quick-fox']);
  await cli.stdout.says('quick-fox');
  process.emit('SIGINT', 'SIGINT');
  assert.equal(await ended, 130);
  assert.equal(cli.out, 'http://web.example.test\nhttp://quick-fox.example.test\n');
});

test('sluice start says that there is nothing to start', async (t) => {
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd } });
  assert.equal(await main(['start'], cli), 2);
  assert.match(cli.err, /There are no tunnels to open/);
});
