import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { CertificateAuthority } from '../../test/support/certificate-authority.ts';
import { formatProxyHeaderV1, formatProxyHeaderV2, type ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { parseIpRange, type IpRange } from '../core/ip.ts';
import { Connection } from './connection.ts';
import { assumeEnds, receiveProxyHeader } from './proxy-protocol.ts';
import { proveRawIo } from './raw-io.ts';
import { wheel } from './timers.ts';
import { TlsAcceptor } from './tls-accept.ts';

const ENDS: ProxiedEnds = {
  sourceAddress: '192.0.2.7',
  sourcePort: 4711,
  destinationAddress: '198.51.100.7',
  destinationPort: 443,
};
const LOOPBACK: IpRange[] = [parseIpRange('127.0.0.0/8')!];

before(async () => void (await proveRawIo()));

interface Outcome {
  remote: string;
  text: string;
}

/** A door that reads a PROXY head first and gives what a Connection then receives until the client ends. */
async function open(
  t: TestContext,
  options: { trusted?: IpRange[]; timeoutMs?: number; path?: string } = {},
): Promise<{ where: net.TcpSocketConnectOpts | net.IpcSocketConnectOpts; outcome: Promise<Outcome | string> }> {
  let resolve: (outcome: Outcome | string) => void = () => {};
  const outcome = new Promise<Outcome | string>((done) => (resolve = done));
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
    receiveProxyHeader(accepted, {
      trusted: options.trusted ?? LOOPBACK,
      timeoutMs: options.timeoutMs ?? 60_000,
      onFailure: resolve,
      onReady(socket, ends, rest) {
        if (ends !== null) assumeEnds(socket, ends);
        let text = rest.toString();
        const connection: Connection = new Connection(socket, {
          onData: (bytes, from, to) => void (text += bytes.toString('latin1', from, to)),
          onHalfClose() {
            resolve({ remote: `${connection.remoteAddress} ${connection.remotePort}`, text });
            connection.destroy('done');
          },
          onDrain() {},
          onClose() {},
        });
        connection.resume();
      },
    });
  });
  server.listen(options.path === undefined ? { port: 0, host: '127.0.0.1' } : { path: options.path });
  await once(server, 'listening');
  t.after(() => server.close());
  const bound = server.address();
  const where =
    bound !== null && typeof bound === 'object' ? { port: bound.port, host: '127.0.0.1' } : { path: bound! };
  return { where, outcome };
}

describe('receiveProxyHeader', () => {
  for (const [name, header] of [
    ['1', formatProxyHeaderV1(ENDS)],
    ['2', formatProxyHeaderV2(ENDS)],
  ] as const) {
    test(`a version ${name} head from a trusted peer gives the client's address, and the rest goes on`, async (t) => {
      const { where, outcome } = await open(t);
      const client = net.connect(where);
      client.end(Buffer.concat([header, Buffer.from('hello')]));
      client.resume();
      assert.deepEqual(await outcome, { remote: '192.0.2.7 4711', text: 'hello' });
      assert.equal(wheel.held, 0);
    });

    test(`a version ${name} head may come byte by byte`, async (t) => {
      const { where, outcome } = await open(t);
      const client = net.connect({ ...where, noDelay: true });
      for (const byte of header) {
        await new Promise((resolve) => client.write(Buffer.of(byte), resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.end('hello');
      client.resume();
      assert.deepEqual(await outcome, { remote: '192.0.2.7 4711', text: 'hello' });
    });
  }

  test('a head that names nobody leaves the address of the connection', async (t) => {
    const { where, outcome } = await open(t);
    const client = net.connect(where);
    client.end(Buffer.concat([formatProxyHeaderV2(null), Buffer.from('hello')]));
    client.resume();
    await once(client, 'connect');
    assert.deepEqual(await outcome, { remote: `127.0.0.1 ${client.localPort}`, text: 'hello' });
  });

  test('a peer that is not trusted is not believed: its bytes are the first of the connection', async (t) => {
    const { where, outcome } = await open(t, { trusted: [parseIpRange('10.0.0.0/8')!] });
    const client = net.connect(where);
    const header = formatProxyHeaderV1(ENDS);
    client.end(header);
    client.resume();
    await once(client, 'connect');
    assert.deepEqual(await outcome, { remote: `127.0.0.1 ${client.localPort}`, text: header.toString() });
  });

  test('whoever may connect to a unix socket is trusted', { skip: process.platform === 'win32' }, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-proxy-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const { where, outcome } = await open(t, { trusted: [], path: join(dir, 'door.sock') });
    const client = net.connect(where);
    client.end(Buffer.concat([formatProxyHeaderV2(ENDS), Buffer.from('hello')]));
    client.resume();
    assert.deepEqual(await outcome, { remote: '192.0.2.7 4711', text: 'hello' });
  });

  for (const [name, bytes, reason] of [
    ['no head', 'GET / HTTP/1.1\r\n\r\n', /not valid: it does not begin/],
    ['a broken head', 'PROXY TCP4 nonsense\r\n', /not valid: an address/],
    ['an endless head', `PROXY ${'x'.repeat(5000)}`, /not valid: its line is longer/],
    ['half a head and an end', 'PROXY TCP4', /ended before/],
    ['nothing and an end', '', /ended before/],
  ] as const) {
    test(`${name} from a trusted peer ends the connection`, async (t) => {
      const { where, outcome } = await open(t);
      const client = net.connect(where);
      client.on('error', () => {});
      client.end(bytes);
      client.resume();
      assert.match((await outcome) as string, reason);
      assert.equal(wheel.held, 0);
    });
  }

  test('a reset before the head is no more than a failure', async (t) => {
    const { where, outcome } = await open(t);
    const client = net.connect(where, () => client.resetAndDestroy());
    assert.match((await outcome) as string, /ended before/);
  });

  test('a trusted peer that says nothing is closed in time', async (t) => {
    const { where, outcome } = await open(t, { timeoutMs: 10 });
    const client = net.connect(where);
    client.resume();
    assert.equal(await outcome, 'the PROXY head did not come in time');
    await once(client, 'close');
  });
});

test('under TLS the client address comes out of the TLS socket', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-proxy-tls-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const { certFile, cert, keyFile, key } = new CertificateAuthority(dir).issue('server', 'IP:127.0.0.1');
  const remotes: string[] = [];
  const acceptor = new TlsAcceptor(
    { certificates: [{ cert: { name: certFile, pem: cert }, key: { name: keyFile, pem: key } }] },
    {
      onSecure(socket) {
        remotes.push(`${socket.remoteAddress} ${socket.remotePort} ${socket.remoteFamily}`);
        socket.resume().end('hello');
      },
    },
  );
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
    receiveProxyHeader(accepted, {
      trusted: LOOPBACK,
      timeoutMs: 60_000,
      onFailure: (reason) => assert.fail(reason),
      onReady(socket, ends, rest) {
        if (rest.length > 0) socket.unshift(rest);
        acceptor.accept(socket, ends);
      },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());

  for (const ends of [ENDS, { ...ENDS, sourceAddress: '2001:db8::1', destinationAddress: '::1' }, null]) {
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    client.write(formatProxyHeaderV2(ends));
    const secure = tls.connect({ socket: client, ca: cert, rejectUnauthorized: false });
    assert.equal(String((await once(secure, 'data'))[0]), 'hello');
    secure.end();
    await once(secure, 'close');
  }
  assert.deepEqual(remotes.slice(0, 2), ['192.0.2.7 4711 IPv4', '2001:db8::1 4711 IPv6']);
  assert.match(remotes[2]!, /^127\.0\.0\.1 \d+ IPv4$/);
});
