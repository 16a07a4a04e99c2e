import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

test('sluice http asks for the name that it was given, and ends with 69 where the token is refused', async (t) => {
  const server = await ScriptedServer.open(t);
  const cwd = temporaryFolder(t);
  const env = { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'secret' };
  const cli = new FakeCli({ cwd, env });
  const ended = main(['http', '3000', '--server', `127.0.0.1:${server.port}`, '--subdomain', 'MyApp'], cli);
  const talk = await server.client();
  assert.equal((await talk.next())['token'], 'secret');
  talk.say('HeartbeatAck');
  assert.equal((await talk.next())['subdomain'], 'myapp');
  talk.say('Error', { code: 'SUBDOMAIN_UNAVAILABLE', message: 'somebody has it' });
  assert.equal(await ended, 69);
  assert.match(cli.err, /refuses: somebody has it \(SUBDOMAIN_UNAVAILABLE\)/);
});

test('sluice http leads nobody to the admin door of the Sluice beside it', async (t) => {
  const admin = await runAdmin(t);
  const cli = new FakeCli({
    cwd: admin.folder,
    env: { ...admin.env, HOME: admin.folder, RETUNNEL_AUTH_TOKEN: 'secret' },
  });
  const place = `localhost:${new URL(admin.address).port}`;
  assert.notEqual(await main(['http', place, '--server', '127.0.0.1:1'], cli), 0);
  assert.match(cli.err, /a door of the control plane/);
});

test('sluice http says what is wrong with its arguments', async (t) => {
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'secret' } });
  for (const args of [
    [],
    ['70000'],
    ['a b:1'],
    ['3000', '--auth', 'ann'],
    ['3000', '--allow', 'ten'],
    ['3000', '--health-path', 'x'],
  ]) {
    assert.equal(await main(['http', ...args], cli), 2, args.join(' '));
  }
});
