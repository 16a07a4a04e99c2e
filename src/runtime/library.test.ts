import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { ask } from '../../test/support/ask.ts';
import { localServer, serveTunnels, TOKEN, tunnelDoor } from '../../test/support/exposed.ts';
import { ScriptedServer } from '../../test/support/scripted-server.ts';
import { expose } from './library.ts';

describe('expose', () => {
  test('gives a local server a public address, until it is closed', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, ({ headers }, response) => response.end(headers['x-a']));
    const paths: string[] = [];
    const exposure = await expose({
      port: local.port,
      server: tunnelDoor(gateway),
      token: TOKEN,
      subdomain: 'app',
      requestHeaders: { 'X-A': 'b' },
      onRequest: ({ path, status }) => paths.push(`${path} ${status}`),
    });
    assert.deepEqual([exposure.url, exposure.status], ['http://app.example.test', 'online']);
    const visit = () => ask(`${gateway.url}/a`, { headers: { Host: 'app.example.test' } });
    assert.equal((await visit()).body, 'b');
    exposure.close();
    await exposure.ended;
    assert.deepEqual([paths, exposure.status], [['/a 200'], 'ended']);
    assert.equal((await visit()).status, 503);
  });

  test('comes back by itself, and tells of it', async (t) => {
    const server = await ScriptedServer.open(t);
    const told: string[] = [];
    const opening = expose({
      port: 1,
      server: `127.0.0.1:${server.port}`,
      token: 'secret',
      onStatus: (status) => told.push(status),
    });
    const first = await (await server.client()).accept(['app']);
    using exposure = await opening;
    first.socket.terminate();
    const second = await server.client();
    await second.accept(['app']);
    second.say('Heartbeat');
    await second.next();
    assert.deepEqual([told, exposure.status], [['online', 'reconnecting', 'online'], 'online']);
    second.say('Error', { code: 'UNAUTHORIZED', message: 'not any more' });
    await assert.rejects(exposure.ended, { code: 'tunnel_refused', message: /not any more \(UNAUTHORIZED\)/ });
    assert.equal(exposure.status, 'ended');
    if (second.socket.readyState !== second.socket.CLOSED) await once(second.socket, 'close');
  });

  test('is refused with a code where it cannot be', async (t) => {
    const gateway = await serveTunnels(t);
    const server = tunnelDoor(gateway);
    await assert.rejects(expose({ port: 1, server, token: 'wrong' }), { code: 'tunnel_refused' });
    await assert.rejects(expose({ port: 1, server: '127.0.0.1:1', token: 'x', tries: 0 }), {
      code: 'tunnel_unreachable',
    });
    await assert.rejects(expose({ port: 70_000, token: 'x' }), {
      code: 'usage',
      message: /local_port: expected a port/,
    });
  });
});
