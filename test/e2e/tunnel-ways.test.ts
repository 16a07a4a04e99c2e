// The real client of tunnels on its way to a server: in TLS, and through a real proxy of the environment.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { ask } from '../support/ask.ts';
import { localServer, serveTunnels, TOKEN, tunnelDoor } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';
import { makeCertificate } from '../support/pki.ts';
import { startSquid } from '../support/proxies.ts';
import { SluiceProcess } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAME = 'tunnels.sluice.test';

interface Secured {
  readonly gateway: Gateway;
  readonly port: number;
  readonly certFile: string;
}

/** A tunnel server whose door is reached only through TLS. */
async function secured(t: TestContext): Promise<Secured> {
  const gateway = await serveTunnels(t);
  const files = makeCertificate(temporaryFolder(t), NAME);
  const door = new URL(tunnelDoor(gateway));
  const sockets = new Set<net.Socket>();
  const server = tls.createServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) }, (socket) => {
    const onward = net.connect(Number(door.port), door.hostname);
    for (const each of [socket, onward]) sockets.add(each.on('error', () => {}));
    socket.pipe(onward).pipe(socket);
  });
  server.on('tlsClientError', () => {});
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { gateway, port: (server.address() as AddressInfo).port, certFile: files.cert };
}

async function exposing(t: TestContext, server: string, env: Readonly<Record<string, string>>): Promise<SluiceProcess> {
  const local = await localServer(t, (_request, response) => response.end('hello'));
  const args = ['http', String(local.port), '--server', server, '--subdomain', 'app', '--tries', '0'];
  return new SluiceProcess(t, { args, env: { RETUNNEL_AUTH_TOKEN: TOKEN, ...env } });
}

test('a server in TLS is spoken to when its certificate is trusted, and only then', async (t) => {
  const { gateway, port, certFile } = await secured(t);
  const trusting = await exposing(t, `wss://localhost:${port}`, { NODE_EXTRA_CA_CERTS: certFile });
  await trusting.says(/\n/);
  assert.equal(trusting.stdout, 'http://app.example.test\n');
  assert.equal((await ask(gateway.url, { headers: { Host: 'app.example.test' } })).body, 'hello');
  const doubting = await exposing(t, `wss://localhost:${port}`, {});
  assert.equal((await doubting.ended).code, 75);
  assert.match(doubting.stderr, /TLS handshake failed.*self.signed.*\(tunnel_unreachable\)/s);
});

test('the proxy of the environment is gone through, with its password', async (t) => {
  const { gateway, port, certFile } = await secured(t);
  const auth = { scheme: 'basic', username: 'ann', password: 'se:cret' } as const;
  const squid = await startSquid(t, { auth, namesOfHere: [NAME] });
  if (squid === undefined) return;
  const env = { HTTPS_PROXY: squid.url, NODE_EXTRA_CA_CERTS: certFile };
  const client = await exposing(t, `wss://${NAME}:${port}`, env);
  await client.says(/\n/);
  assert.equal((await ask(gateway.url, { headers: { Host: 'app.example.test' } })).body, 'hello');
  const refused = await exposing(t, `wss://${NAME}:${port}`, { ...env, HTTPS_PROXY: `http://127.0.0.1:${squid.port}` });
  assert.equal((await refused.ended).code, 75);
  client.signal('SIGTERM');
  await client.ended;
  await squid.logs(new RegExp(`CONNECT ${NAME}:${port} ann`));
});
