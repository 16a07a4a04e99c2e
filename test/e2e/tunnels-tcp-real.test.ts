// TCP tunnels from end to end: our server, our client, and programs of others on both sides.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Exposed, serveTunnels, TUNNEL_SERVER, wish } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import type { Gateway } from '../support/gateway.ts';
import { startProxiedNginx } from '../support/nginx.ts';
import { requirePeer } from '../support/peer.ts';
import { Redis } from '../support/redis.ts';
import { SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { startSshd } from '../support/sshd.ts';
import { TcpVisit } from '../support/tcp-visits.ts';

const run = promisify(execFile);
const NEVER = { timeout: 60_000 };

async function serve(t: TestContext): Promise<[Gateway, number]> {
  const [port = 0] = await freePorts(1);
  const server = { ...TUNNEL_SERVER.tunnels.server, tcp_ports: { from: port, to: port } };
  return [await serveTunnels(t, { tunnels: { server } }), port];
}

/** A tunnel to a local port; resolves with its public one. */
async function expose(t: TestContext, localPort: number, more: object = {}): Promise<number> {
  const [gateway, port] = await serve(t);
  const tcp = { name: 'tcp', protocol: 'tcp', subdomain: null, remote_port: port, ...more } as const;
  await Exposed.open(t, gateway, wish(localPort, tcp));
  return port;
}

/** Answers with the digest of what it was sent, when it has been sent all of it. */
async function digestServer(t: TestContext): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const digest = createHash('sha256');
    socket.on('data', (bytes: Buffer) => digest.update(bytes));
    socket.on('end', () => socket.end(digest.digest('hex')));
    socket.on('error', () => {});
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a TCP tunnel of our client', () => {
  test('carries the end of one direction: socat gets the answer that comes only after it', async (t) => {
    const socat = requirePeer(t, 'socat');
    if (socat === undefined) return;
    const port = await expose(t, await digestServer(t));
    const bytes = randomBytes(8_000_000);
    const child = spawn(socat, ['-t', '30', '-', `TCP:127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    child.stdin.end(bytes);
    const heard = Buffer.concat(await Array.fromAsync(child.stdout as AsyncIterable<Buffer>)).toString();
    assert.equal(heard, createHash('sha256').update(bytes).digest('hex'));
  });

  test('carries SSH, whose server speaks first', async (t) => {
    const sshd = await startSshd(t);
    if (sshd === undefined) return;
    const port = await expose(t, sshd.port);
    const { stdout } = await run(
      'ssh',
      [...sshd.login(port), 'echo', 'inside; cat /dev/zero | head -c 3000000 | wc -c'],
      NEVER,
    );
    assert.deepEqual(stdout.split('\n').slice(0, 2), ['inside', '3000000']);
  });

  test('carries many connections to Redis at once', async (t) => {
    const benchmark = requirePeer(t, 'redis-benchmark');
    const redis = await Redis.start(t);
    if (benchmark === undefined || redis === undefined) return;
    const port = await expose(t, redis.port);
    const load = ['-n', '4000', '-c', '50', '-P', '4', '-d', '200', '-t', 'set,get', '--csv'];
    const { stdout } = await run(benchmark, ['-h', '127.0.0.1', '-p', String(port), ...load], NEVER);
    assert.match(stdout, /"SET","[\d.]+"[\s\S]*"GET","[\d.]+"/);
  });

  test('tells nginx who the visitor is', async (t) => {
    const nginx = await startProxiedNginx(t);
    if (nginx === undefined) return;
    const port = await expose(t, nginx.port, { proxy_protocol: 'v2' });
    const request = http.get(`http://127.0.0.1:${port}/`, { agent: false });
    const [socket] = (await once(request, 'socket')) as [net.Socket];
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const body = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
    assert.equal(body, `127.0.0.1:${socket.localPort}`);
  });

  test('cuts the visitor when nobody answers on the local port, and lets in whom its owner allows', async (t) => {
    const [closed = 0] = await freePorts(1);
    const port = await expose(t, closed);
    const visit = TcpVisit.begin(t, port);
    await visit.closed();
    assert.equal(visit.error, 'ECONNRESET');
    const allowed = await expose(t, await digestServer(t), { allow: ['127.0.0.0/8'] });
    const guest = await TcpVisit.open(t, allowed);
    guest.socket.end('x');
    await guest.closed();
    assert.equal(guest.heard, createHash('sha256').update('x').digest('hex'));
    const forbidden = await expose(t, await digestServer(t), { allow: ['192.0.2.0/24'] });
    const stranger = TcpVisit.begin(t, forbidden);
    await stranger.closed();
    assert.equal(stranger.error, 'ECONNRESET');
  });
});

test('a client that was killed has its port again at once, and so after a restart of the server', async (t) => {
  const [door = 0, from = 0] = await freePorts(2);
  const file = `
gateway: { listen: null }
egress: { listen: null }
users: [{ name: ann, token: secret, may: [tunnels] }]
tunnels: { server: { enabled: true, listen: 127.0.0.1:${door}, tcp_ports: ${from}-${from + 9} } }
`;
  const server = await startSluice(t, { files: { 'sluice.yaml': file } });
  const local = await digestServer(t);
  const open = async (): Promise<[SluiceProcess, string]> => {
    const args = ['tcp', String(local), '--server', `127.0.0.1:${door}`];
    const client = new SluiceProcess(t, { args, env: { RETUNNEL_AUTH_TOKEN: 'secret' } });
    await client.says(/\n/);
    return [client, client.stdout.trim()];
  };
  const [first, url] = await open();
  assert.match(url, /^tcp:\/\/localhost:\d+$/);
  first.signal('SIGKILL');
  await first.ended;
  const [second, again] = await open();
  assert.equal(again, url);
  second.signal('SIGKILL');
  server.signal('SIGKILL');
  await Promise.all([second.ended, server.ended]);
  await startSluice(t, { folder: server.folder });
  const [, afterwards] = await open();
  assert.equal(afterwards, url);
  const visit = await TcpVisit.open(t, Number(new URL(url).port));
  visit.socket.end('x');
  await visit.closed();
  assert.equal(visit.heard, createHash('sha256').update('x').digest('hex'));
});
