// Nobody gets to the doors of the control plane through the gateway or a tunnel, whatever a backend is called.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { duplexPair } from 'node:stream';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { ask } from '../support/ask.ts';
import { http1Origin } from '../support/origins.ts';
import { makeCertificate } from '../support/pki.ts';
import { startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SPELLINGS = [
  '127.0.0.1',
  'localhost',
  'LOCALHOST.',
  'any.localhost',
  '0.0.0.0',
  '127.1',
  '2130706433',
  '0x7f.1',
  '017700000001',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::]',
  hostname(),
];

/** Says so to whoever says anything. */
async function echoOrigin(t: TestContext): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('reached'));
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** What is answered to a client that asks for that name by TLS, in whatever language. */
async function clientHelloTo(port: number, servername: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let heard = '';
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
  const [end, otherEnd] = duplexPair();
  const secure = tls.connect({ socket: end, servername });
  secure.on('error', () => {});
  otherEnd.pipe(socket, { end: false });
  await new Promise((resolve) => socket.once('close', resolve));
  secure.destroy();
  return heard;
}

const portOf = (address: string): string => new URL(address).port;

test('a backend of the gateway is never a door of the control plane', { timeout: 60_000 }, async (t) => {
  const origin = await http1Origin(t, (_request, response) => response.end('fine'));
  const start = `process: { workers: 2 }\nadmin: { listen: 127.0.0.1:0 }\nmetrics: { listen: 127.0.0.1:0 }\ngateway: { default_backend: "${origin}" }\n`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': start } });
  const doors = ['admin', 'metrics'].map((door) => portOf(sluice.address(door)));
  const routes = doors.flatMap((port) => SPELLINGS.map((host) => `http://${host}:${port}`));
  const text = routes.map((url, index) => `{ match: { path: /r${index}/* }, to: "${url}" }`);
  text.push(
    `{ match: { path: /several }, to: { backends: ["http://localhost:${doors[0]}", "http://127.1:${doors[0]}"] } }`,
  );
  const gateway = `gateway: { default_backend: "${origin}", routes: [${text.join(', ')}] }`;
  sluice.write('sluice.yaml', start.replace(/gateway: .*/, gateway));
  const reload = await sluice.admin('/api/v1/reload', { method: 'POST' });
  assert.equal(reload.status, 200, await reload.text());
  for (const [index, url] of routes.entries()) {
    const answer = await fetch(`${sluice.address('gateway')}/r${index}/metrics`);
    assert.deepEqual(
      [answer.status, /"code":"(\w+)"/.exec(await answer.text())?.[1]],
      [403, 'destination_denied'],
      url,
    );
  }
  assert.equal((await fetch(`${sluice.address('gateway')}/several`)).status, 403);
  assert.equal(await (await fetch(sluice.address('gateway'))).text(), 'fine');
});

test('TLS that the gateway lets through does not lead to one either', { timeout: 60_000 }, async (t) => {
  const files = makeCertificate(temporaryFolder(t));
  const own = `tls: { cert: "${files.cert}", key: "${files.key}" }`;
  const start = `admin: { listen: 127.0.0.1:0 }\nmetrics: { listen: 127.0.0.1:0 }\ngateway: { listen: [{ address: "127.0.0.1:0", ${own} }] }\n`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': start } });
  const origin = await echoOrigin(t);
  const control = portOf(sluice.address('admin'));
  // The others are not taken here in the first place.
  const spellings = SPELLINGS.filter((host) => !/^[0-9a-fx.]+$/.test(host) || /^(127\.0\.0\.1|0\.0\.0\.0)$/.test(host));
  const places = [...spellings.map((host) => `${host}:${control}`), `127.0.0.1:${origin}`];
  const through = places.map((to, index) => `{ host: h${index}.test, to: "${to}" }`).join(', ');
  sluice.write('sluice.yaml', start.replace('gateway: { ', `gateway: { passthrough: [${through}], `));
  const reload = await sluice.admin('/api/v1/reload', { method: 'POST' });
  assert.equal(reload.status, 200, await reload.text());
  const port = Number(portOf(sluice.address('gateway')));
  for (const [index, place] of places.entries()) {
    const heard = await clientHelloTo(port, `h${index}.test`);
    assert.equal(heard, place.endsWith(`:${origin}`) ? 'reached' : '', place);
  }
});

test('no visitor of a tunnel gets to a door of the control plane', { timeout: 40_000 }, async (t) => {
  const start = `
gateway: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0 }
tunnels: { server: { enabled: true, listen: 127.0.0.1:0, domain: example.test, public_url: "http://{subdomain}.example.test" } }
users: [{ name: alice, token: the-token-of-alice, may: [tunnels] }]
`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': start } });
  const port = portOf(sluice.address('admin'));
  const hosts = ['localhost', '0.0.0.0', '::ffff:127.0.0.1'];
  const tunnels = hosts.map(
    (host, index) => `{ name: t${index}, local_host: "${host}", local_port: ${port}, subdomain: tunnel${index} }`,
  );
  const client = `client: { server: "${sluice.address('tunnels')}", auth_token: the-token-of-alice, tunnels: [${tunnels.join(', ')}] }`;
  sluice.write('sluice.yaml', start.replace('tunnels: { server', `tunnels: { ${client}, server`));
  const reload = await sluice.admin('/api/v1/reload', { method: 'POST' });
  assert.equal(reload.status, 200, await reload.text());
  await sluice.says(/"message":"tunnel open"/);
  for (const [index, host] of hosts.entries()) {
    await sluice.says(new RegExp(`"tunnel":"t${index}"`));
    const { status, body } = await ask(sluice.address('gateway'), { headers: { Host: `tunnel${index}.example.test` } });
    assert.ok(status >= 500 && !body.includes('admin door'), `${host}: ${status} ${body}`);
  }
});
