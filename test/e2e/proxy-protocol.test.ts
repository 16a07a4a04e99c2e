import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HEAD = 'PROXY TCP4 192.0.2.7 192.0.2.1 5555 80\r\n';
const REQUEST = 'GET /who HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';

/** An origin that keeps what each connection sent and answers every request with `ok`. */
async function recordingOrigin(t: TestContext): Promise<{ url: string; received: string[] }> {
  const received: string[] = [];
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      received[index] += bytes.toString('latin1');
      if (received[index]!.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

async function ask(socket: net.Socket, ...parts: readonly string[]): Promise<string> {
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return answer;
}

describe('the PROXY protocol from a balancer in front', () => {
  test('tells who the client is, to the origin and to the log', async (t) => {
    const origin = await recordingOrigin(t);
    const listen = { address: '127.0.0.1:0', proxy_protocol: '127.0.0.0/8' };
    const gateway = await gatewayTo(t, origin.url, { gateway: { listen } });
    const answer = await ask(net.connect(gateway.port, '127.0.0.1'), HEAD, REQUEST);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(origin.received[0]!, /X-Forwarded-For: 192\.0\.2\.7\r\n/);
    const [line] = await gateway.accessLines(1);
    assert.equal(line!['client.address'], '192.0.2.7');
  });

  test('may come together with the first request, or byte by byte', async (t) => {
    const origin = await recordingOrigin(t);
    const listen = { address: '127.0.0.1:0', proxy_protocol: ['127.0.0.1'] };
    const gateway = await gatewayTo(t, origin.url, { gateway: { listen } });
    assert.match(await ask(net.connect(gateway.port, '127.0.0.1'), HEAD + REQUEST), / 200 /);
    assert.match(await ask(net.connect(gateway.port, '127.0.0.1'), ...HEAD.split(/(?=.)/), REQUEST), / 200 /);
  });

  test('comes before TLS, too', async (t) => {
    const origin = await recordingOrigin(t);
    const files = makeCertificate(temporaryFolder(t));
    const listen = { address: '127.0.0.1:0', tls: files, proxy_protocol: '127.0.0.1' };
    const gateway = await gatewayTo(t, origin.url, { gateway: { listen } });
    const socket = net.connect(gateway.port, '127.0.0.1');
    socket.write(HEAD);
    const secure = tls.connect({ socket, ca: readFileSync(files.cert), servername: 'localhost' });
    assert.match(await ask(secure, REQUEST), / 200 /);
    assert.match(origin.received[0]!, /X-Forwarded-For: 192\.0\.2\.7\r\nX-Forwarded-Proto: https\r\n/);
  });

  test('is a must for the peers that were named: without it the connection ends', async (t) => {
    const origin = await recordingOrigin(t);
    const listen = { address: '127.0.0.1:0', proxy_protocol: '127.0.0.1' };
    const gateway = await gatewayTo(t, origin.url, { gateway: { listen } });
    assert.equal(await ask(net.connect(gateway.port, '127.0.0.1'), REQUEST), '');
    assert.deepEqual(origin.received, []);
  });

  test('is not believed from anybody else', async (t) => {
    const origin = await recordingOrigin(t);
    const listen = { address: '127.0.0.1:0', proxy_protocol: '192.0.2.0/24' };
    const gateway = await gatewayTo(t, origin.url, { gateway: { listen } });
    assert.match(await ask(net.connect(gateway.port, '127.0.0.1'), HEAD, REQUEST), / 400 /);
    assert.deepEqual(origin.received, []);
  });
});

describe('the PROXY protocol towards backends', () => {
  for (const version of ['v1', 'v2'] as const) {
    test(`begins every connection with a head of ${version}, and gives each request one of its own`, async (t) => {
      const origin = await recordingOrigin(t);
      const routes = [{ match: {}, to: { backends: [origin.url], proxy_protocol: version } }];
      const gateway = await Gateway.open(t, { gateway: { routes } });
      for (let i = 0; i < 2; i++) {
        assert.match(await ask(net.connect(gateway.port, '127.0.0.1'), REQUEST), / 200 /);
      }
      assert.equal(origin.received.length, 2);
      const signature =
        version === 'v1' ? /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET / : /^\r\n\r\n\0\r\nQUIT\n!/;
      for (const received of origin.received) assert.match(received, signature);
    });
  }
});

test('backends with https are asked by HTTP/2 when the route says so, and verified all the same', async (t) => {
  const files = makeCertificate(temporaryFolder(t));
  const server = http2.createSecureServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end(`over ${stream.session?.alpnProtocol}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const backend = `https://localhost:${(server.address() as AddressInfo).port}`;
  const trusting = { match: { path: '/trusted' }, to: { backends: [backend], http2: true, tls: { ca: files.cert } } };
  const strict = { match: { path: '/strict' }, to: { backends: [backend], http2: true } };
  const gateway = await Gateway.open(t, { gateway: { routes: [trusting, strict] } });
  const trusted = await ask(net.connect(gateway.port, '127.0.0.1'), REQUEST.replace('/who', '/trusted'));
  assert.match(trusted, /^HTTP\/1\.1 200 [^]*over h2/);
  const refused = await ask(net.connect(gateway.port, '127.0.0.1'), REQUEST.replace('/who', '/strict'));
  assert.match(refused, /^HTTP\/1\.1 502 [^]*upstream_tls_failed/);
});
