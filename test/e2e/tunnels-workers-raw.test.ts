// What is no HTTP through tunnels of a server with several threads: visitors come in on any of them, and stay to their end when it goes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { Exposed, TOKEN, wish } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import { makeCertificate } from '../support/pki.ts';
import { startSluice, type SluiceProcess } from '../support/sluice-process.ts';
import { refusedPort, TcpVisit } from '../support/tcp-visits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Sends back what it gets, and ends when its visitor does. */
async function echo(t: TestContext, server: net.Server): Promise<number> {
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function back(socket: net.Socket): void {
  socket.on('error', () => {}).pipe(socket);
}

function secureVisit(t: TestContext, port: number): tls.TLSSocket {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'own.tls.test', rejectUnauthorized: false });
  t.after(() => socket.destroy());
  return socket.on('error', () => {});
}

async function said(socket: net.Socket, words: string): Promise<string> {
  socket.write(words);
  return String((await once(socket, 'data'))[0]);
}

async function serve(t: TestContext, workers: number): Promise<{ sluice: SluiceProcess; port: number }> {
  const [port = 0] = await freePorts(1);
  const config = `
process: { workers: ${workers}, data_dir: data, shutdown_grace: 60s }
users: [{ name: alice, token: "${TOKEN}", may: [tunnels] }]
gateway: { listen: "127.0.0.1:0" }
tunnels:
  server:
    enabled: true
    listen: 127.0.0.1:0
    domain: example.test
    tls_domain: tls.test
    tcp_ports: ${port}-${port}
`;
  return { sluice: await startSluice(t, { files: { 'sluice.yaml': config } }), port };
}

test('visitors of TCP and TLS come in on any of four threads, and may end what they do when the server goes', async (t) => {
  const { sluice, port } = await serve(t, 4);
  const files = makeCertificate(temporaryFolder(t));
  const secure = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  const plainPort = await echo(t, net.createServer({ allowHalfOpen: true }, back));
  const securePort = await echo(t, tls.createServer(secure, back));
  const exposed = new Exposed(t, {
    server: sluice.address('tunnels'),
    tunnels: [
      wish(plainPort, { name: 'plain', protocol: 'tcp', subdomain: null }),
      wish(securePort, { name: 'secure', protocol: 'tls', subdomain: 'own' }),
    ],
  });
  await exposed.until(() => exposed.opened !== null || exposed.end !== null);
  const gatewayPort = Number(new URL(sluice.address('gateway')).port);
  const many = Array.from({ length: 40 }, async (_, at) => {
    const secured = secureVisit(t, gatewayPort);
    assert.equal(await said(secured, `secure ${at}`), `secure ${at}`);
    secured.destroy();
    const visit = await TcpVisit.open(t, port);
    visit.socket.end(`${at} `.repeat(50_000));
    await visit.closed();
    assert.equal(visit.heard, `${at} `.repeat(50_000));
  });
  await Promise.all(many);

  const [visit, secured] = [await TcpVisit.open(t, port), secureVisit(t, gatewayPort)];
  visit.socket.write('before ');
  await visit.until('before ');
  assert.equal(await said(secured, 'before'), 'before');
  sluice.signal('SIGTERM');
  await exposed.until(() => exposed.losses.length > 0);
  while (!(await refusedPort(port))) await new Promise(setImmediate);
  visit.socket.write('after');
  await visit.until('before after');
  assert.equal(await said(secured, 'after'), 'after');
  visit.socket.end();
  await visit.closed();
  assert.equal(visit.error, null);
  secured.destroy();
  assert.equal((await sluice.ended).code, 0);
});
