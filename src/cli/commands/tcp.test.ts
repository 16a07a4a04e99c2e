import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

test('sluice tcp asks for a port as it was told, and ends with 69 where it is refused', async (t) => {
  const server = await ScriptedServer.open(t);
  const cwd = temporaryFolder(t);
  const env = { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'secret' };
  const cli = new FakeCli({ cwd, env });
  const wish = ['-r', '20007', '--proxy-protocol', 'v1', '--allow', '10.0.0.0/8'];
  const ended = main(['tcp', '22', '--server', `127.0.0.1:${server.port}`, ...wish], cli);
  const talk = await server.client();
  await talk.next();
  talk.say('HeartbeatAck');
  assert.deepEqual(await talk.next(), {
    Type: 'TunnelCreate',
    protocol: 'tcp',
    remote_port: 20_007,
    proxy_protocol: 'v1',
    allow: ['10.0.0.0/8'],
  });
  talk.say('Error', { code: 'TCP_DISABLED', message: 'there are none' });
  assert.equal(await ended, 69);
  assert.match(cli.err, /refuses: there are none \(TCP_DISABLED\)/);
});

test('sluice tcp asks for a name where the local server ends TLS itself', async (t) => {
  const server = await ScriptedServer.open(t);
  const cwd = temporaryFolder(t);
  const env = { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'secret' };
  const cli = new FakeCli({ cwd, env });
  const ended = main(['tcp', '8443', '--tls', '-s', 'App', '--server', `127.0.0.1:${server.port}`], cli);
  const talk = await server.client();
  await talk.next();
  talk.say('HeartbeatAck');
  assert.deepEqual(await talk.next(), { Type: 'TunnelCreate', protocol: 'tls', subdomain: 'app' });
  talk.say('Error', { code: 'UNSUPPORTED_PROTOCOL', message: 'there are none' });
  assert.equal(await ended, 2);
});

test('sluice tcp says what is wrong with its arguments', async (t) => {
  const cwd = temporaryFolder(t);
  const cli = new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd, RETUNNEL_AUTH_TOKEN: 'secret' } });
  const wrongNames = [
    ['22', '-s', 'app'],
    ['22', '--tls', '-s', 'a_b'],
    ['22', '--tls', '-r', '20007'],
  ];
  for (const args of [
    ...wrongNames,
    [],
    ['70000'],
    ['22', '-r', 'x'],
    ['22', '--proxy-protocol', 'v3'],
    ['22', '--allow', 'ten'],
  ]) {
    assert.equal(await main(['tcp', ...args], cli), 2, args.join(' '));
  }
});
