import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import { CertificateAuthority } from '../../test/support/certificate-authority.ts';
import { SluiceError } from '../core/errors.ts';
import { dial, type DialOptions, type DialTarget, type DialTimings } from './dial.ts';
import { DnsCache } from './dns-cache.ts';
import type { ResolvedAddress } from './resolver.ts';
import { TlsClient, type TlsClientOptions } from './tls-client.ts';
import { wheel } from './timers.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-dial-'));
after(() => rmSync(dir, { recursive: true }));

const authority = new CertificateAuthority(dir);
const certificate = authority.issue('server', 'DNS:server.example', 'IP:127.0.0.1');
const ca = { name: 'authority.pem', pem: authority.certificate.cert };

interface Dialled {
  socket: net.Socket | tls.TLSSocket;
  timings: DialTimings;
}

/** A resolver that knows the given names only. */
function names(known: Record<string, readonly string[]> = {}): DnsCache {
  return new DnsCache({
    resolve(host, done) {
      const found = known[host];
      if (found === undefined) done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
      else
        done(
          null,
          found.map((address): ResolvedAddress => ({ address, family: net.isIPv6(address) ? 6 : 4 })),
        );
    },
  });
}

function connect(target: DialTarget, options: Partial<DialOptions> = {}): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    dial(
      target,
      { dns: names(), connectTimeoutMs: 20_000, ...options },
      { onConnected: (socket, timings) => resolve({ socket, timings }), onFailed: reject },
    );
  });
}

async function failure(
  target: DialTarget,
  options: Partial<DialOptions> = {},
): Promise<{ code: string; message: string }> {
  const outcome = await connect(target, options).then(
    () => assert.fail('it connected'),
    (error: SluiceError) => error,
  );
  assert.equal(outcome.name, 'SluiceError');
  return { code: outcome.code, message: outcome.message };
}

async function listen(
  t: TestContext,
  server: net.Server,
  where: net.ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(where);
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    if (server.listening) await once(server, 'close');
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

const echo = (): net.Server => net.createServer((socket) => socket.pipe(socket));

async function exchange(socket: net.Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

/** A port of 127.0.0.1 where somebody listens and nobody will ever accept: connecting to it hangs. */
async function deafPort(t: TestContext): Promise<number> {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(workerData), 0, 0);
       process.exit();
     });`,
    { eval: true, workerData: new SharedArrayBuffer(4) },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: 4 }, () => net.connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.race(fillers.map((filler) => once(filler, 'connect')));
  t.after(async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  });
  return port;
}

describe('dialling without TLS', () => {
  test('gives a paused socket that works, and the time each phase took', async (t) => {
    const port = await listen(t, echo());
    const { socket, timings } = await connect({ host: '127.0.0.1', port });
    assert.equal(socket.isPaused(), true);
    assert.equal(socket.listenerCount('error'), 0);
    assert.equal(timings.dnsMs, 0);
    assert.ok(timings.connectMs > 0);
    assert.equal(timings.tlsMs, 0);
    socket.resume();
    assert.equal(await exchange(socket, 'hello'), 'hello');
    socket.destroy();
    assert.equal(wheel.held, 0);
  });

  test('a unix socket', async (t) => {
    const path = join(dir, 'echo.sock');
    await listen(t, echo(), { path });
    const { socket } = await connect({ host: 'app', port: 80, path });
    socket.resume();
    assert.equal(await exchange(socket, 'hello'), 'hello');
    socket.destroy();
  });

  test('sends a PROXY head before anything else', async (t) => {
    const port = await listen(t, echo());
    const { socket } = await connect({ host: '127.0.0.1', port }, { proxyHeader: Buffer.from('PROXY UNKNOWN\r\n') });
    socket.resume();
    assert.equal(String((await once(socket, 'data'))[0]), 'PROXY UNKNOWN\r\n');
    socket.destroy();
  });

  test('keeps its half open when the other side ends', async (t) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.end('first');
      socket.on('data', (bytes) => assert.equal(bytes.toString(), 'afterwards'));
      socket.on('end', () => server.emit('peer ended'));
    });
    const port = await listen(t, server);
    const { socket } = await connect({ host: '127.0.0.1', port });
    socket.resume();
    await once(socket, 'end');
    const ended = once(server, 'peer ended');
    socket.end('afterwards');
    await ended;
  });

  test('tries the next address when one refuses, and puts the one that answered first', async (t) => {
    const port = await listen(t, echo());
    const dns = names({ 'many.example': ['::1', '127.0.0.1'] });
    const { socket } = await connect({ host: 'many.example', port }, { dns });
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
    const addresses = await new Promise((resolve) => dns.lookup('many.example', (_error, found) => resolve(found)));
    assert.deepEqual(addresses, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  });

  test(
    'tries the next address beside one that hangs, and drops that one',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const port = await deafPort(t);
      await listen(t, echo(), { host: '127.0.0.2', port });
      const dns = names({ 'slow.example': ['127.0.0.1', '127.0.0.2'] });
      const { socket } = await connect({ host: 'slow.example', port }, { dns });
      assert.equal(socket.remoteAddress, '127.0.0.2');
      socket.destroy();
      assert.equal(wheel.held, 0);
    },
  );

  test('the families take turns', async () => {
    const tried: string[] = [];
    const dns = names({
      'many.example': ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '::1', '127.0.0.1', '127.0.0.1'],
    });
    const { message } = await failure({ host: 'many.example', port: await closedPort() }, { dns });
    for (const [address] of message.matchAll(/127\.0\.0\.1(?=: )|::1(?=: )/g)) tried.push(address);
    assert.deepEqual(tried, ['127.0.0.1', '::1', '127.0.0.1', '::1', '127.0.0.1', '127.0.0.1']);
  });

  test('a refused connection is upstream_unreachable and names the place', async () => {
    const port = await closedPort();
    assert.deepEqual(await failure({ host: '127.0.0.1', port }), {
      code: 'upstream_unreachable',
      message: `127.0.0.1:${port} could not be reached: the connection was refused`,
    });
  });

  test('a missing unix socket is upstream_unreachable', async () => {
    const path = join(dir, 'missing.sock');
    assert.deepEqual(await failure({ host: 'app', port: 80, path }), {
      code: 'upstream_unreachable',
      message: `unix:${path} could not be reached: there is no such socket`,
    });
  });

  test('a local address that cannot be used is upstream_unreachable', async () => {
    const { code } = await failure({ host: '127.0.0.1', port: 1 }, { localAddress: '192.0.2.1' });
    assert.equal(code, 'upstream_unreachable');
    const wrong = await failure({ host: '127.0.0.1', port: 1 }, { localAddress: 'nonsense' });
    assert.equal(wrong.code, 'upstream_unreachable');
  });

  test('an unknown name is upstream_dns_failed', async () => {
    assert.deepEqual(await failure({ host: 'nowhere.example', port: 80 }), {
      code: 'upstream_dns_failed',
      message: 'nowhere.example could not be resolved: there is no such name',
    });
  });

  test('a name leads only to addresses that are permitted', async (t) => {
    const port = await listen(t, net.createServer());
    const refusalOf = (address: string): SluiceError | null =>
      address === '127.0.0.1' ? null : new SluiceError('destination_denied', { message: `not to ${address}` });
    const dns = names({ 'both.example': ['127.0.0.2', '127.0.0.1'], 'bad.example': ['127.0.0.2', '127.0.0.3'] });
    const { socket } = await connect({ host: 'both.example', port }, { dns, refusalOf });
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
    assert.deepEqual(await failure({ host: 'bad.example', port }, { dns, refusalOf }), {
      code: 'destination_denied',
      message: 'not to 127.0.0.2',
    });
  });

  test('a resolver that does not answer in time is upstream_dns_failed', async () => {
    const dns = new DnsCache({ resolve: () => {} });
    assert.deepEqual(await failure({ host: 'slow.example', port: 80 }, { dns, dnsTimeoutMs: 10 }), {
      code: 'upstream_dns_failed',
      message: 'slow.example was not resolved within 0.01 s',
    });
  });

  test(
    'an address that does not answer in time is upstream_connect_timeout',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const port = await deafPort(t);
      assert.deepEqual(await failure({ host: '127.0.0.1', port }, { connectTimeoutMs: 100 }), {
        code: 'upstream_connect_timeout',
        message: `127.0.0.1:${port} did not accept a connection within 0.1 s`,
      });
      assert.equal(wheel.held, 0);
    },
  );

  test('a cancelled dial calls nobody', async (t) => {
    const server = echo();
    const port = await listen(t, server);
    const silent = { onConnected: () => assert.fail('connected'), onFailed: () => assert.fail('failed') };
    const options = { dns: names(), connectTimeoutMs: 20_000 };
    dial({ host: '127.0.0.1', port }, options, silent).cancel();
    const second = dial({ host: '127.0.0.1', port }, options, silent);
    await new Promise((resolve) => process.nextTick(resolve));
    second.cancel();
    const third = dial(
      { host: 'slow.example', port },
      { ...options, dns: new DnsCache({ resolve: () => {} }) },
      silent,
    );
    await new Promise((resolve) => process.nextTick(resolve));
    third.cancel();
    (await connect({ host: '127.0.0.1', port })).socket.destroy();
    assert.equal(wheel.held, 0);
  });
});

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('dialling with TLS', () => {
  const tlsEcho = (more: tls.TlsOptions = {}): tls.Server =>
    tls.createServer({ cert: certificate.cert, key: certificate.key, allowHalfOpen: true, ...more }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
  const client = (options: TlsClientOptions = {}): TlsClient => new TlsClient({ ca, ...options });

  test('verifies the server, offers ALPN and names the server by SNI', async (t) => {
    const server = tlsEcho({ ALPNProtocols: ['h2', 'http/1.1'] });
    const port = await listen(t, server);
    const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket & { servername: string }]>;
    const dns = names({ 'server.example': ['127.0.0.1'] });
    const options = { dns, tls: client({ alpn: ['http/1.1'] }) };
    const { socket, timings } = await connect({ host: 'server.example', port }, options);
    assert.ok(socket instanceof tls.TLSSocket);
    assert.equal(socket.authorized, true);
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.equal(socket.getProtocol(), 'TLSv1.3');
    assert.equal((await accepted)[0].servername, 'server.example');
    assert.equal(socket.isPaused(), true);
    assert.ok(timings.tlsMs > 0);
    socket.resume();
    assert.equal(await exchange(socket, 'hello'), 'hello');
    socket.destroy();
    assert.equal(wheel.held, 0);
  });

  test('verifies an IP address too, or another name when told so', async (t) => {
    const port = await listen(t, tlsEcho());
    for (const options of [{}, { serverName: 'server.example' }]) {
      const { socket } = await connect({ host: '127.0.0.1', port }, { tls: client(options) });
      assert.ok('authorized' in socket && socket.authorized);
      socket.destroy();
    }
  });

  for (const [name, options, reason] of [
    [
      'a certificate of an authority that is not trusted',
      { ca: { name: 'other', pem: certificate.cert } },
      /unable to .*certificate/,
    ],
    ['a certificate for another name', { serverName: 'other.example' }, /altnames/],
    ['a server that offers too old a version only', { minVersion: 'TLSv1.3' }, /version/],
  ] as const) {
    test(`${name} is upstream_tls_failed`, async (t) => {
      const port = await listen(t, tlsEcho({ maxVersion: 'TLSv1.2' }));
      const { code, message } = await failure({ host: '127.0.0.1', port }, { tls: client(options) });
      assert.equal(code, 'upstream_tls_failed');
      assert.ok(message.startsWith(`the TLS handshake with 127.0.0.1:${port} failed: `), message);
      assert.match(message, reason);
    });
  }

  test('a server that speaks something else, or hangs up, is upstream_tls_failed', async (t) => {
    for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const port = await listen(
        t,
        net.createServer((socket) => socket.end(answer)),
      );
      assert.equal((await failure({ host: '127.0.0.1', port }, { tls: client() })).code, 'upstream_tls_failed');
    }
  });

  test('a server that never answers the handshake is upstream_tls_failed', async (t) => {
    const port = await listen(t, net.createServer());
    assert.deepEqual(await failure({ host: '127.0.0.1', port }, { tls: client(), tlsTimeoutMs: 50 }), {
      code: 'upstream_tls_failed',
      message: `127.0.0.1:${port} did not complete the TLS handshake within 0.05 s`,
    });
  });

  test('a dial that is cancelled during the handshake closes the connection', async (t) => {
    const server = net.createServer();
    const port = await listen(t, server);
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const silent = { onConnected: () => assert.fail('connected'), onFailed: () => assert.fail('failed') };
    const started = dial(
      { host: '127.0.0.1', port },
      { dns: names(), connectTimeoutMs: 20_000, tls: client() },
      silent,
    );
    const [socket] = await accepted;
    await once(socket, 'data');
    started.cancel();
    await once(socket, 'close');
    assert.equal(wheel.held, 0);
  });
});
