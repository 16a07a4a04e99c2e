// What the forward proxy holds while much goes through it, and what is left of it afterwards. Rule: nothing is judged by how
// long it took; memory and counts are compared with what they were before.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { wheel } from '../../src/transport/timers.ts';
import { Gateway } from '../support/gateway.ts';
import { http1Origin, readAll } from '../support/origins.ts';
import { skipTest } from '../support/peer.ts';
import { askPlainly, askThroughTunnel, crowd, openTunnel } from '../support/proxy-clients.ts';
import { startSquid, startTinyproxy } from '../support/proxies.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const GIGABYTE = 2 ** 30;
const MEGABYTE = 2 ** 20;
const CHUNK = Buffer.alloc(MEGABYTE, 'x');

/** Sends as many bytes as the path says, and tells how many a body had. */
function bulkOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, (request, response) => {
    if (request.method === 'GET') void sendBytes(response, Number(request.url?.slice(1)));
    else {
      let length = 0;
      request.on('data', (bytes: Buffer) => (length += bytes.length));
      request.on('end', () => response.end(String(length)));
    }
  });
}

async function sendBytes(to: http.ServerResponse | http.ClientRequest, size: number): Promise<void> {
  for (let sent = 0; sent < size; sent += CHUNK.length) {
    if (!to.write(CHUNK)) await once(to, 'drain');
  }
  to.end();
}

/** By a tunnel, to the client: how many bytes have come of the body. */
async function download(port: number, origin: string, size: number): Promise<number> {
  const { host } = new URL(origin);
  const { socket } = await openTunnel(port, host);
  const request = http.request({ createConnection: () => socket, path: `/${size}`, headers: { Host: host } });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let length = 0;
  for await (const bytes of response as AsyncIterable<Buffer>) length += bytes.length;
  socket.destroy();
  return length;
}

/** By a whole URL, from the client: how many bytes have reached the server. */
async function upload(port: number, origin: string, size: number): Promise<number> {
  const headers = { Host: new URL(origin).host, 'Content-Length': String(size) };
  const request = http.request({ host: '127.0.0.1', port, path: `${origin}/`, method: 'POST', headers, agent: false });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  await sendBytes(request, size);
  const [response] = await answered;
  return Number(await readAll(response));
}

/** The most memory that the program has ever had. */
function peakBytes({ pid }: SluiceProcess): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? assert.fail('the system does not say')) * 1024;
}

describe('the forward proxy', () => {
  test('carries two gigabytes through an exit and holds a few megabytes of them', async (t) => {
    if (process.platform !== 'linux') {
      skipTest(t, 'the memory of another process is read from /proc');
      return;
    }
    // Squid breaks off bodies of requests that are as long as this, and Tinyproxy takes its time for tunnels.
    const [squid, tinyproxy] = [await startSquid(t), await startTinyproxy(t)];
    if (squid === undefined || tinyproxy === undefined) return;
    const [first, second] = [await bulkOrigin(t), await bulkOrigin(t)];
    const config = `
      egress:
        chain: [squid]
        rules: [{ match: { port: ${new URL(second).port} }, via: tinyproxy }]
      hops:
        squid: { proxy: "${squid.url}" }
        tinyproxy: { proxy: "${tinyproxy.url}" }`;
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const port = Number(new URL(sluice.address('egress')).port);
    const transfer = async (size: number): Promise<void> => {
      assert.equal(await download(port, first, size), size);
      assert.equal(await upload(port, second, size), size);
    };
    await transfer(64 * MEGABYTE);
    const before = peakBytes(sluice);
    await transfer(GIGABYTE);
    const grown = peakBytes(sluice) - before;
    assert.ok(grown < 48 * MEGABYTE, `its memory has grown by ${Math.round(grown / MEGABYTE)} MB`);
    await squid.logs(/TCP_TUNNEL\/200 \d+ CONNECT /);
    await tinyproxy.logs(/Request .* POST /);
  });

  test('takes a thousand changes of its exits and loses no request and no tunnel', async (t) => {
    const squids = [await startSquid(t), await startSquid(t), await startSquid(t)];
    if (squids.some((squid) => squid === undefined)) return;
    const origin = await http1Origin(t, (request, response) => {
      readAll(request).then(
        (body) => response.end(`${request.method} ${body}`),
        () => response.destroy(),
      );
    });
    const echo = await echoServer(t);
    const strategies = ['round_robin', 'random', 'least_connections', 'sticky_hash', 'weighted'];
    const pool = (turn: number): object => ({
      egress: { chain: ['exits'] },
      hops: {
        exits: {
          strategy: strategies[turn % strategies.length],
          // Each in turn is out, and each has another weight.
          proxies: squids
            .map((squid, index) => ({ id: `exit-${index}`, url: squid?.url, weight: 1 + ((turn + index) % 3) }))
            .filter((_, index) => turn % 4 === 3 || index !== turn % 3),
        },
      },
    });
    const gateway = await Gateway.open(t, pool(0));
    const port = gateway.proxyPort;
    const tunnels = await Promise.all(Array.from({ length: 10 }, () => openTunnel(port, echo)));
    const over = new AbortController();
    let answered = (): void => {};
    const wrong: string[] = [];
    let asked = 0;
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const client = async (index: number): Promise<void> => {
      for (let turn = index; !over.signal.aborted; turn += 1) {
        const method = turn % 2 === 0 ? 'GET' : 'POST';
        const body = method === 'POST' ? `body ${turn}` : '';
        const ask = turn % 3 === 0 ? askThroughTunnel : askPlainly;
        const said = await ask(port, `${origin}/`, { method, body, ...(turn % 3 === 1 ? { agent } : {}) });
        asked += 1;
        answered();
        if (said.status !== 200 || said.body !== `${method} ${body}`)
          wrong.push(`${method} ${said.status} ${said.body}`);
      }
    };
    const clients = Promise.all(Array.from({ length: 10 }, (_, index) => client(index)));
    for (let turn = 1; turn <= 1000; turn += 1) {
      const next = new Promise<void>((resolve) => (answered = resolve));
      await gateway.apply(pool(turn));
      await next;
    }
    over.abort();
    await clients;
    assert.deepEqual(wrong, []);
    assert.ok(asked >= 1000, `${asked} requests`);
    for (const { socket } of tunnels) {
      socket.write('still there?');
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      assert.equal(bytes.toString(), 'still there?');
      socket.destroy();
    }
    const everybody = pool(3);
    const idle = (): boolean => gateway.proxiesOf('exits', everybody).every(({ active }) => active === 0);
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that nothing runs');
    agent.destroy();
    await gateway.apply({ egress: {} });
    await gateway.until(idle, 'that no exit is in use');
  });

  test('has everything back at its baseline after twenty thousand connections, good and bad', async (t) => {
    const squid = await startSquid(t);
    if (squid === undefined) return;
    const closing = (_request: http.IncomingMessage, response: http.ServerResponse): void => {
      response.setHeader('Connection', 'close').end('ok');
    };
    const [near, far] = [await http1Origin(t, closing), await http1Origin(t, closing)];
    const closed = await closedPort();
    const settings = {
      egress: {
        chain: ['exits'],
        rules: [{ match: { port: [Number(new URL(near).port), closed] }, via: 'direct' }],
        // Every other request comes to the exit that is gone.
        retry: { budget: '100%' },
      },
      hops: { exits: { proxies: [{ url: squid.url }, { id: 'gone', url: `http://127.0.0.1:${closed}` }] } },
    };
    const gateway = await Gateway.open(t, settings);
    const port = gateway.proxyPort;
    const wrong = new Map<string, number>();
    const expect = (what: string, isRight: boolean): void => {
      if (!isRight) wrong.set(what, (wrong.get(what) ?? 0) + 1);
    };
    const kinds: ((index: number) => Promise<void>)[] = [
      async () => expect('GET', (await askPlainly(port, near)).body === 'ok'),
      async () => expect('CONNECT', (await askThroughTunnel(port, near)).body === 'ok'),
      async () => expect('GET by an exit', (await askPlainly(port, far)).body === 'ok'),
      async () => expect('CONNECT by an exit', (await askThroughTunnel(port, far)).body === 'ok'),
      async () => expect('SOCKS', (await bare(port, socksTo(near))).startsWith('\x05\x00\x05\x00')),
      async () => expect('a closed port', (await askThroughTunnel(port, `http://127.0.0.1:${closed}/`)).status === 502),
      async () => expect('one by an exit', (await askThroughTunnel(port, 'http://127.0.0.1:1/')).status === 502),
      async () => expect('no HTTP', /^$|^HTTP\/1\.1 400 /.test(await bare(port, '\x00\xff\x00\r\n\r\n'))),
      async (index) => void (await bare(port, connectTo(index % 20 < 10 ? near : far), 'leaves')),
      async () => void (await bare(port, 'GET http://a.test/ HTTP/1.1\r\nHo')),
    ];
    const some = (count: number): Promise<void> =>
      crowd(50, count, async (index) => {
        await kinds[index % kinds.length]!(index);
      });
    const settled = async (): Promise<Baseline> => {
      // Ends what waits for further requests.
      await gateway.apply(settings);
      const isQuiet = (): boolean =>
        gateway.metric('sluice_connections_open') === 0 &&
        gateway.metric('sluice_upstream_connections_open') === 0 &&
        gateway.metric('sluice_http_requests_in_flight') === 0 &&
        wheel.held === 0 &&
        gateway.proxiesOf('exits', settings).every(({ active }) => active === 0);
      await gateway.until(isQuiet, 'that everything is quiet');
      gateway.forgetLines();
      return baseline();
    };
    await some(2000);
    const before = await settled();
    await some(20_000);
    const after = await settled();
    assert.deepEqual([...wrong], []);
    assert.deepEqual({ ...after, heapBytes: 0 }, { ...before, heapBytes: 0 });
    const grown = after.heapBytes - before.heapBytes;
    assert.ok(grown < 6 * MEGABYTE, `the heap has grown by ${Math.round(grown / 1024)} KB`);
  });
});

interface Baseline {
  /** Files and sockets that are open; 0 where the system does not say. */
  readonly descriptors: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly heapBytes: number;
}

function baseline(): Baseline {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { descriptors, resources, heapBytes: process.memoryUsage().heapUsed };
}

/** Sends these bytes and then ends its side, or goes away at once; what has come until the end. */
async function bare(port: number, bytes: string | Buffer, then: 'ends' | 'leaves' = 'ends'): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (portion: Buffer) => (text += portion.toString('latin1')));
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  if (then === 'ends') socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  else socket.write(bytes, () => socket.resetAndDestroy());
  await closed;
  return text;
}

function socksTo(origin: string): Buffer {
  const port = Number(new URL(origin).port);
  return Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]);
}

function connectTo(origin: string): string {
  const { host } = new URL(origin);
  return `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

/** Where it listens. */
async function echoServer(t: TestContext): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
