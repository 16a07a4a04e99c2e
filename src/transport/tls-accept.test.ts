import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { CertificateAuthority, type IssuedCertificate } from '../../test/support/certificate-authority.ts';
import { requirePeer } from '../../test/support/peer.ts';
import { Connection } from './connection.ts';
import { proveRawIo } from './raw-io.ts';
import { TlsAcceptor, type HandshakeFailure, type TlsAcceptOptions } from './tls-accept.ts';
import type { Certificate, ServerTlsOptions } from './tls-context.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-tls-accept-'));
after(() => rmSync(dir, { recursive: true }));

const authority = new CertificateAuthority(dir);
const first = named(authority.issue('first', 'DNS:first.example', 'IP:127.0.0.1'));
const second = named(authority.issue('second', 'DNS:*.second.example'));
const renewed = named(authority.issue('renewed', 'DNS:first.example', 'IP:127.0.0.1'));
const clientCertificate = authority.issue('client', 'DNS:client.example');
const strangers = new CertificateAuthority(dir, 'strangers').issue('stranger', 'DNS:client.example');
const clientCa = { name: 'ca.pem', pem: authority.certificate.cert };
const trusted = { ca: authority.certificate.cert };

function named({ certFile, cert, keyFile, key }: IssuedCertificate): Certificate {
  return { cert: { name: certFile, pem: cert }, key: { name: keyFile, pem: key } };
}

interface Door {
  port: number;
  acceptor: TlsAcceptor;
  secured: tls.TLSSocket[];
  failures: HandshakeFailure[];
  /** Resolves when the next handshake has failed. */
  nextFailure(): Promise<HandshakeFailure>;
}

/** A door whose sockets answer whatever comes with what they are, unless the test says otherwise. */
async function open(
  t: TestContext,
  tlsOptions: ServerTlsOptions,
  options: Partial<TlsAcceptOptions> = {},
): Promise<Door> {
  const secured: tls.TLSSocket[] = [];
  const failures: HandshakeFailure[] = [];
  let notify = (_failure: HandshakeFailure): void => {};
  const acceptor = new TlsAcceptor(tlsOptions, {
    onSecure(socket) {
      secured.push(socket);
      socket.on('error', () => {});
      socket.on('data', () => socket.end(`${socket.alpnProtocol || '-'} ${socket.authorized}`));
      socket.resume();
    },
    onFailure(failure) {
      failures.push(failure);
      notify(failure);
    },
    ...options,
  });
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    acceptor.accept(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const nextFailure = (): Promise<HandshakeFailure> => new Promise((resolve) => (notify = resolve));
  return { port: (server.address() as net.AddressInfo).port, acceptor, secured, failures, nextFailure };
}

async function talk(
  port: number,
  options: tls.ConnectionOptions = {},
): Promise<{ socket: tls.TLSSocket; answer: string; resumed: boolean }> {
  const socket = tls.connect({ port, host: '127.0.0.1', ...trusted, ...options });
  await once(socket, 'secureConnect');
  const resumed = socket.isSessionReused();
  socket.write('?');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return { socket, answer: answer.toString(), resumed };
}

/** Connects, and gives the code of the error that the client sees; '' when the server just closes. */
async function clientError(port: number, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', ...trusted, ...options });
  let code = '';
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? ''));
  // With TLS 1.3 a refused client learns it only after its own side of the handshake.
  socket.on('secureConnect', () => socket.write('?'));
  socket.on('data', () => assert.fail('the server answered'));
  await new Promise((resolve) => socket.on('close', resolve));
  return code;
}

async function commonName(port: number, serverName: string): Promise<unknown> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: serverName,
    ...trusted,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

describe('TlsAcceptor', () => {
  test('speaks TLS 1.3, agrees on a protocol and hands out a paused socket', async (t) => {
    const { port, secured } = await open(t, { certificates: [first], alpn: ['h2', 'http/1.1'] });
    const { answer, socket } = await talk(port, { ALPNProtocols: ['http/1.1', 'h2'] });
    assert.equal(answer, 'h2 false');
    assert.equal(socket.alpnProtocol, 'h2');
    assert.equal(secured[0]!.getProtocol(), 'TLSv1.3');
  });

  test('tells how long the handshake took', async (t) => {
    let durationMs = -1;
    const { port } = await open(
      t,
      { certificates: [first] },
      {
        onSecure: (socket, tookMs) => {
          durationMs = tookMs;
          socket.on('error', () => {});
          socket.end('-');
        },
      },
    );
    const before = performance.now();
    await talk(port, {});
    assert.ok(durationMs > 0 && durationMs < performance.now() - before, `${durationMs} ms`);
  });

  test('speaks TLS 1.2 unless told not to', async (t) => {
    const old: tls.ConnectionOptions = { maxVersion: 'TLSv1.2' };
    const { port } = await open(t, { certificates: [first] });
    assert.equal((await talk(port, old)).answer, '- false');
    const modern = await open(t, { certificates: [first], minVersion: 'TLSv1.3' });
    const failure = modern.nextFailure();
    assert.match(await clientError(modern.port, old), /VERSION/);
    assert.equal(await failure, 'no_common_ground');
  });

  test('TLS 1.1 and weak ciphers find no common ground', async (t) => {
    const { port, nextFailure } = await open(t, { certificates: [first] });
    for (const options of [
      { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
    ] as const) {
      const failure = nextFailure();
      await clientError(port, options);
      assert.equal(await failure, 'no_common_ground');
    }
  });

  test('a client cannot ask for another handshake on its connection', async (t) => {
    const { port } = await open(t, { certificates: [first] });
    const socket = tls.connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', ...trusted });
    await once(socket, 'secureConnect');
    const refusal = once(socket, 'error');
    socket.renegotiate({}, () => socket.destroy(new Error('the server has agreed')));
    assert.match(String(await refusal), /renegotiation/i);
    socket.destroy();
  });

  test('chooses the certificate by the name that the client asks for', async (t) => {
    const { port } = await open(t, { certificates: [first, second] });
    assert.equal(await commonName(port, 'first.example'), 'first');
    assert.equal(await commonName(port, 'www.second.example'), 'second');
    assert.equal(await commonName(port, 'other.example'), 'first');
    assert.equal(await commonName(port, ''), 'first');
  });

  test('openssl sees the same', async (t) => {
    const openssl = requirePeer(t, 'openssl');
    if (openssl === undefined) return;
    const { port } = await open(t, { certificates: [first, second], alpn: ['h2'] });
    const options = ['-connect', `127.0.0.1:${port}`, '-servername', 'a.second.example', '-alpn', 'h2', '-brief'];
    const running = promisify(execFile)(openssl, ['s_client', ...options]);
    running.child.stdin?.end('?');
    const { stderr } = await running;
    assert.match(stderr, /Protocol version: TLSv1\.3/);
    assert.match(stderr, /Ciphersuite: TLS_AES_128_GCM_SHA256/);
    assert.match(stderr, /CN = second/);
  });

  test('takes other certificates without cutting what is open', async (t) => {
    const { port, acceptor } = await open(t, { certificates: [first] });
    const open1 = tls.connect({ port, host: '127.0.0.1', ...trusted });
    await once(open1, 'secureConnect');
    acceptor.renew({ certificates: [renewed, second] });
    assert.equal(await commonName(port, 'first.example'), 'renewed');
    assert.equal(await commonName(port, 'a.second.example'), 'second');
    open1.write('?');
    assert.equal(((await once(open1, 'data')) as [Buffer])[0].toString(), '- false');
    open1.destroy();
  });

  test('certificates that are wrong change nothing', async (t) => {
    const { port, acceptor } = await open(t, { certificates: [first] });
    const before = acceptor.expiresAtMs;
    assert.throws(() => acceptor.renew({ certificates: [{ ...renewed, key: second.key }] }), {
      code: 'config_invalid',
    });
    assert.equal(acceptor.expiresAtMs, before);
    assert.equal(await commonName(port, 'first.example'), 'first');
  });

  test('a session begun at one door is resumed at another with the same ticket keys, and with no others', async (t) => {
    const ticketKeys = randomBytes(48);
    const [one, two, other] = await Promise.all(
      [ticketKeys, ticketKeys, randomBytes(48)].map((keys) => open(t, { certificates: [first], ticketKeys: keys })),
    );
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined;
      const socket = tls.connect({ port: one!.port, host: '127.0.0.1', maxVersion, ...trusted });
      socket.on('session', (fresh: Buffer) => (session = fresh));
      socket.on('secureConnect', () => socket.write('?'));
      socket.resume();
      await once(socket, 'close');
      assert.ok(session);
      assert.equal((await talk(two!.port, { session, maxVersion })).resumed, true);
      assert.equal((await talk(other!.port, { session, maxVersion })).resumed, false);
    }
  });
});

describe('client certificates', () => {
  const shown = (issued: IssuedCertificate): tls.ConnectionOptions => ({ cert: issued.cert, key: issued.key });

  test('a required one must come, and from the right authority', async (t) => {
    const { port, nextFailure } = await open(t, { certificates: [first], clientCa });
    assert.equal((await talk(port, shown(clientCertificate))).answer, '- true');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const options of [{}, shown(strangers)]) {
        const failure = nextFailure();
        await clientError(port, { ...options, maxVersion });
        assert.equal(await failure, 'client_certificate');
      }
    }
  });

  test('without an optional one the client is let in, but not as authorised', async (t) => {
    const { port } = await open(t, { certificates: [first], clientCa, clientCertificateOptional: true });
    assert.equal((await talk(port)).answer, '- false');
    assert.equal((await talk(port, shown(strangers))).answer, '- false');
    assert.equal((await talk(port, shown(clientCertificate))).answer, '- true');
  });

  test('a session from a door that asks for none does not get a client in', async (t) => {
    const ticketKeys = randomBytes(48);
    const open1 = await open(t, { certificates: [first], ticketKeys });
    const strict = await open(t, { certificates: [first], ticketKeys, clientCa });
    let session: Buffer | undefined;
    const socket = tls.connect({ port: open1.port, host: '127.0.0.1', ...trusted });
    socket.on('session', (fresh: Buffer) => (session = fresh));
    socket.on('secureConnect', () => socket.write('?'));
    socket.resume();
    await once(socket, 'close');
    assert.ok(session);
    const failure = strict.nextFailure();
    await clientError(strict.port, { session });
    assert.equal(await failure, 'client_certificate');
    assert.equal(strict.secured.length, 0);
  });
});

describe('what is not a handshake', () => {
  async function send(port: number, bytes: string | Buffer): Promise<void> {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(bytes);
    socket.resume();
    socket.on('error', () => {});
    await once(socket, 'close');
  }

  test('plain HTTP gets a closed connection', async (t) => {
    const { port, acceptor, failures } = await open(t, { certificates: [first] });
    await send(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.deepEqual(failures, ['plain_http']);
    assert.equal(acceptor.handshaking, 0);
  });

  test('noise gets a closed connection', async (t) => {
    const { port, acceptor, failures } = await open(t, { certificates: [first] });
    await send(port, Buffer.alloc(300, 0xfe));
    await send(port, Buffer.from('160301ffff', 'hex'));
    assert.equal(failures.length, 2);
    assert.equal(acceptor.handshaking, 0);
  });

  test('a client that leaves without a word is counted as closed', async (t) => {
    const { port, acceptor, nextFailure } = await open(t, { certificates: [first] });
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const failure = nextFailure();
      const socket = net.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket[leave]();
      assert.equal(await failure, 'closed');
      socket.destroy();
    }
    assert.equal(acceptor.handshaking, 0);
  });

  test('a client that resets its connection right behind its handshake is counted as closed', async (t) => {
    const { port, secured, nextFailure } = await open(t, { certificates: [first] });
    const failure = nextFailure();
    const carrier = net.connect(port, '127.0.0.1');
    tls.connect({ socket: carrier, host: '127.0.0.1', ...trusted }, () => carrier.resetAndDestroy());
    assert.equal(await failure, 'closed');
    assert.deepEqual(secured, []);
  });

  test('a client that says nothing is closed after the handshake timeout', async (t) => {
    const { port, acceptor, failures } = await open(t, { certificates: [first] }, { handshakeTimeoutMs: 20 });
    const socket = net.connect(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close');
    assert.deepEqual(failures, ['timeout']);
    assert.equal(acceptor.handshaking, 0);
  });

  test('a client that does not trust the certificate is counted as such', async (t) => {
    const openssl = requirePeer(t, 'openssl');
    if (openssl === undefined) return;
    const { port, nextFailure } = await open(t, { certificates: [first] });
    for (const version of ['-tls1_2', '-tls1_3']) {
      const failure = nextFailure();
      const options = ['-connect', `127.0.0.1:${port}`, '-verify_return_error', '-CAfile', strangers.certFile, version];
      await assert.rejects(promisify(execFile)(openssl, ['s_client', ...options]));
      assert.equal(await failure, 'certificate_refused');
    }
  });
});

describe('a Connection on what comes out', () => {
  test('gets what the client sends together with the end of its handshake, whole, and answers after its end', async (t) => {
    await proveRawIo();
    const received: Buffer[] = [];
    const answer = Buffer.from('complete');
    const { port } = await open(
      t,
      { certificates: [first] },
      {
        onSecure(socket) {
          const connection: Connection = new Connection(socket, {
            onData: (bytes, from, to) => void received.push(Buffer.from(bytes.subarray(from, to))),
            onHalfClose() {
              connection.write(answer, 0, answer.length);
              connection.end();
            },
            onDrain: () => {},
            onClose: () => {},
          });
          connection.resume();
        },
      },
    );
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      received.length = 0;
      const sent = randomBytes(200_000);
      const client = tls.connect({ port, host: '127.0.0.1', maxVersion, ...trusted });
      client.allowHalfOpen = true;
      client.end(sent);
      const [answered] = (await once(client, 'data')) as [Buffer];
      await once(client, 'close');
      assert.deepEqual(answered, answer);
      assert.ok(Buffer.concat(received).equals(sent));
    }
  });
});
