import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { CertificateAuthority } from '../../test/support/certificate-authority.ts';
import { TlsClient, type TlsClientOptions } from './tls-client.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-tls-client-'));
after(() => rmSync(dir, { recursive: true }));

const authority = new CertificateAuthority(dir);
const certificate = authority.issue('server', 'DNS:server.example', 'IP:127.0.0.1');
const ca = { name: 'authority.pem', pem: authority.certificate.cert };

const client = (options: TlsClientOptions = {}): TlsClient => new TlsClient({ ca, ...options });

/** A TLS server that greets, on a port of its own. */
async function greet(t: TestContext, options: tls.TlsOptions = {}): Promise<{ server: tls.Server; port: number }> {
  const server = tls.createServer({ cert: certificate.cert, key: certificate.key, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.end('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { server, port: (server.address() as net.AddressInfo).port };
}

/** Shakes hands, reads to the end (with it the server's sessions have come), and gives the socket. */
async function talk(through: TlsClient, host: string, port: number): Promise<tls.TLSSocket> {
  const secure = through.connect(net.connect(port, '127.0.0.1'), host, port);
  await once(secure, 'secureConnect');
  secure.resume();
  await once(secure, 'close');
  return secure;
}

test('resumes a session with the same server', async (t) => {
  const { port } = await greet(t);
  const resuming = client();
  const reused: boolean[] = [];
  for (let round = 0; round < 2; round += 1) {
    const secure = resuming.connect(net.connect(port, '127.0.0.1'), 'server.example', port);
    await once(secure, 'secureConnect');
    reused.push(secure.isSessionReused());
    secure.resume();
    await once(secure, 'close');
  }
  assert.deepEqual(reused, [false, true]);
  assert.equal(resuming.sessions, 1);
});

test('does not resume a session that was begun for another name', async (t) => {
  const { port } = await greet(t);
  const resuming = client();
  await talk(resuming, 'server.example', port);
  const other = resuming.connect(net.connect(port, '127.0.0.1'), 'other.example', port);
  const [error] = (await once(other, 'error')) as [Error];
  assert.match(error.message, /altnames/);
});

test('forgets a session when told so', async (t) => {
  const { port } = await greet(t);
  const resuming = client();
  await talk(resuming, 'server.example', port);
  resuming.forget('server.example', port);
  assert.equal(resuming.sessions, 0);
});

test('remembers a bounded number of sessions', async (t) => {
  const { port } = await greet(t);
  const few = client({ maxSessions: 1 });
  await talk(few, 'server.example', port);
  await talk(few, '127.0.0.1', port);
  assert.equal(few.sessions, 1);
});

test('any certificate will do when verification is switched off', async (t) => {
  const { port } = await greet(t);
  const secure = await talk(new TlsClient({ verify: false, serverName: 'x.example' }), '127.0.0.1', port);
  assert.equal(secure.authorized, false);
});

test('asks for and verifies another name than that of the host when told so', async (t) => {
  const { server, port } = await greet(t);
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket & { servername: string }]>;
  const secure = await talk(client({ serverName: 'server.example' }), 'localhost', port);
  assert.equal(secure.authorized, true);
  assert.equal((await accepted)[0].servername, 'server.example');
});

test('shows its certificate to a server that asks for one', async (t) => {
  const mine = authority.issue('client', 'DNS:client.example');
  const { server, port } = await greet(t, { requestCert: true, rejectUnauthorized: true, ca: ca.pem });
  const names: (string | string[] | undefined)[] = [];
  server.prependListener('secureConnection', (socket) => names.push(socket.getPeerCertificate().subject.CN));
  const showing = client({
    certificate: { cert: { name: mine.certFile, pem: mine.cert }, key: { name: mine.keyFile, pem: mine.key } },
  });
  await talk(showing, '127.0.0.1', port);
  assert.deepEqual(names, ['client']);
});

test('does not let a server begin another handshake on the connection', async (t) => {
  const server = tls.createServer({ cert: certificate.cert, key: certificate.key, maxVersion: 'TLSv1.2' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const secure = client().connect(net.connect(port, '127.0.0.1'), 'server.example', port);
  secure.on('error', () => {});
  secure.resume();
  const [socket] = (await once(server, 'secureConnection')) as [tls.TLSSocket];
  const refusal = once(socket, 'error');
  socket.renegotiate({}, () => socket.destroy(new Error('the client has agreed')));
  assert.match(String(await refusal), /renegotiation/i);
  socket.destroy();
  secure.destroy();
});
