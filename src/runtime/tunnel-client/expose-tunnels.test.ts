import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Exposed, serveTunnels, tunnelDoor, wish } from '../../../test/support/exposed.ts';
import { ScriptedServer } from '../../../test/support/scripted-server.ts';
import type { ClientTunnel } from '../../config/schema/tunnel-client.ts';
import { exposeTunnels, nameOfServer, registerAccount } from './expose-tunnels.ts';

function exposing(more: Partial<ClientTunnel>, server = 'localhost:1'): void {
  const never = (): void => assert.fail('nothing has begun yet');
  const events = { connecting: never, opened: never, lost: never, request: never, ended: never };
  exposeTunnels({ server, token: 'secret', tunnels: [wish(1, more)], env: {}, isPatient: false }, events);
}

describe('exposing tunnels', () => {
  test('is refused before anything is connected where what is asked for makes no sense', () => {
    exposing({ allow: ['10.0.0.0/8', '::1'], request_headers: { 'X-A': 'b', 'X-C': null } });
    assert.throws(() => exposing({ allow: ['ten'] }), { code: 'usage', message: /"ten" is no address/ });
    assert.throws(() => exposing({}, 'ftp://a'), { code: 'usage', message: /is no tunnel server/ });
  });

  test('opens them at a server', async (t) => {
    const gateway = await serveTunnels(t);
    const { opened } = await Exposed.open(t, gateway, wish(1), wish(2, { subdomain: 'two' }));
    assert.deepEqual(
      opened?.map(({ url }) => url),
      ['http://app.example.test', 'http://two.example.test'],
    );
    assert.equal(nameOfServer(tunnelDoor(gateway)), tunnelDoor(gateway).replace('http', 'ws'));
  });
});

describe('registering', () => {
  test('gives a token', async (t) => {
    const gateway = await serveTunnels(t);
    assert.match(await registerAccount(tunnelDoor(gateway), { email: 'ann@example.com' }, {}), /^slc_/);
  });

  test('tells a server that gives none from one that is busy', async (t) => {
    let status = 403;
    const { port } = await ScriptedServer.open(t, (_request, response) => {
      response.writeHead(status, { 'Retry-After': '9' });
      response.end(JSON.stringify({ error: { message: 'by invitation' } }));
    });
    const server = `127.0.0.1:${port}`;
    const refused = { code: 'tunnel_refused', message: 'The tunnel server gives no token: by invitation' };
    await assert.rejects(registerAccount(server, { email: 'ann@example.com' }, {}), refused);
    status = 429;
    const busy = { code: 'tunnel_unreachable', message: /right now \(429\)\. Try again in 9 s/ };
    await assert.rejects(registerAccount(server, { email: 'ann@example.com' }, {}), busy);
  });
});
