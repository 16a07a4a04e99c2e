import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { wish } from '../../test/support/exposed.ts';
import { ScriptedServer } from '../../test/support/scripted-server.ts';
import { runTunnels } from './run-tunnels.ts';

const QUIET = { dataDir: '/nowhere', inspect: false, inspectAt: 'off' } as const;

function running(cli: FakeCli, port: number, json = false): Promise<number> {
  const server = `127.0.0.1:${port}`;
  return runTunnels(cli, {
    server,
    token: 'secret',
    tunnels: [wish(1)],
    through: null,
    json,
    isPatient: false,
    ...QUIET,
  });
}

describe('tunnels in the foreground', () => {
  test('print their address and nothing else, until a signal ends them', async (t) => {
    const server = await ScriptedServer.open(t);
    const cli = new FakeCli();
    const ended = running(cli, server.port);
    const talk = await (await server.client()).accept(['app']);
    await cli.stdout.says('\n');
    process.emit('SIGINT', 'SIGINT');
    assert.equal(await ended, 130);
    assert.deepEqual([cli.out, cli.err], ['http://app.example.test\n', '']);
    await once(talk.socket, 'close');
  });

  test('tell a program what happens, one object a line', async (t) => {
    const server = await ScriptedServer.open(t);
    const cli = new FakeCli();
    const ended = running(cli, server.port, true);
    await (await server.client()).accept(['app']);
    await cli.stdout.says('"open"');
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await ended, 0);
    const lines = cli.out.trim().split('\n');
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([first?.['schema'], first?.['event']], ['sluice.tunnel-event/v1', 'connecting']);
    assert.deepEqual([second?.['url'], second?.['local_port']], ['http://app.example.test', 1]);
  });

  test('end with what the server says', async (t) => {
    for (const [code, expected] of [
      ['UNAUTHORIZED', 'tunnel_refused'],
      ['INVALID_PATH', 'usage'],
    ] as const) {
      const server = await ScriptedServer.open(t);
      const rejected = assert.rejects(running(new FakeCli(), server.port), { code: expected, message: /no such/ });
      (await server.client()).say('Error', { code, message: 'no such' });
      await rejected;
    }
  });

  test('say that they are lost, and that they are back', async (t) => {
    const server = await ScriptedServer.open(t);
    const cli = new FakeCli();
    const ended = running(cli, server.port);
    (await (await server.client()).accept(['app'])).socket.close(1012, 'restarting');
    await (await server.client()).accept(['app']);
    await cli.stderr.says('open again');
    process.emit('SIGINT', 'SIGINT');
    await ended;
    assert.equal(cli.out, 'http://app.example.test\n');
    assert.match(cli.err, /^sluice: restarting; trying again in \d\.\d s\n/);
  });
});
