// Nodes of the real program that share a Redis: visitors of a TCP tunnel reach its client from each of them, whichever it is connected to.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../support/free-ports.ts';
import { makeCertificate } from '../support/pki.ts';
import { Redis } from '../support/redis.ts';
import type { SluiceProcess } from '../support/sluice-process.ts';
import { refusedPort, TcpVisit, type TcpVisitPlace } from '../support/tcp-visits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { BOB, exposeWith, nodeBalancer, startNode } from '../support/tunnel-node.ts';

const HERE = '127.0.0.1';
const ELSEWHERE = '127.0.0.2';

/** Speaks first, gives back what it is sent, and says at the end how much that was. */
async function app(t: TestContext): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on('error', () => {});
    socket.write('ready\n');
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!socket.write(chunk)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end(`\n${bytes} bytes`));
  });
  server.listen(0, HERE);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

function expose(t: TestContext, server: string, localPort: number, port: number): SluiceProcess {
  return exposeWith(t, server, ['tcp', `${HERE}:${localPort}`, '--remote-port', String(port)]);
}

/** What somebody hears who says that and nothing more. */
async function ask(
  t: TestContext,
  port: number,
  where: TcpVisitPlace,
  words: string | Buffer = 'hello',
): Promise<string> {
  const visit = TcpVisit.begin(t, port, where);
  visit.socket.end(words);
  await visit.closed();
  return visit.error ?? visit.heard;
}

const HELLO = 'ready\nhello\n5 bytes';

async function untilServed(t: TestContext, port: number, host: string): Promise<void> {
  while ((await ask(t, port, { host })) !== HELLO) await pause(50);
}

async function metricsOf(node: SluiceProcess): Promise<string> {
  return (await fetch(`${node.address('metrics')}/metrics`)).text();
}

function digest(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Megabytes both ways at once, the end of one direction, and an answer behind it. */
async function proveBulk(t: TestContext, port: number, host: string): Promise<void> {
  const sent = randomBytes(12_000_000);
  const heard = await ask(t, port, { host }, sent);
  const expected = Buffer.concat([Buffer.from('ready\n'), sent, Buffer.from('\n12000000 bytes')]);
  assert.equal(digest(Buffer.from(heard, 'latin1')), digest(expected));
}

describe('the port of a TCP tunnel', { timeout: 150_000 }, () => {
  test('is open on a node without its client, which is reached as if it were there', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [port = 0, proxied = 0, taken = 0] = await freePorts(3);
    const wish = { redis, ports: '15000-29999' };
    const occupied = net.createServer().listen(taken, ELSEWHERE);
    await once(occupied, 'listening');
    t.after(() => occupied.close());
    const [one, other] = await Promise.all([
      startNode(t, { ...wish, host: HERE }),
      startNode(t, { ...wish, host: ELSEWHERE, workers: 2 }),
    ]);
    const localPort = await app(t);
    expose(t, one.address('tunnels'), localPort, port);
    await untilServed(t, port, HERE);
    await untilServed(t, port, ELSEWHERE);
    await proveBulk(t, port, ELSEWHERE);

    const visit = await TcpVisit.open(t, port, { host: ELSEWHERE });
    await visit.until('ready\n');
    visit.socket.write('and on');
    await visit.until('and on');
    visit.socket.destroy();

    expose(t, one.address('tunnels'), localPort, taken);
    await untilServed(t, taken, HERE);
    while (!/^sluice_tunnel_tcp_node_ports\{state="unavailable"\} 1/m.test(await metricsOf(other))) await pause(50);
    assert.equal(
      other.logged('visitors of a TCP tunnel on another node cannot come in here')[0]?.['reason'],
      'EADDRINUSE',
    );
    assert.match(await metricsOf(other), /^sluice_tunnel_to_nodes_total [1-9]/m);

    const client = await TunnelClient.connect(t, one.address('tunnels'));
    client.say('Auth', { token: BOB, version: 2 });
    await client.nextOf('HeartbeatAck');
    const parts = { protocol: 'tcp', remote_port: proxied, proxy_protocol: 'v1', allow: ['127.0.0.3'] };
    client.say('TunnelCreate', parts);
    assert.equal((await client.nextOf('TunnelCreated'))['remote_port'], proxied);
    while (await refusedPort(proxied, ELSEWHERE)) await pause(50);
    assert.equal(await ask(t, proxied, { host: ELSEWHERE, localAddress: '127.0.0.4' }), 'ECONNRESET');
    const allowed = await TcpVisit.open(t, proxied, { host: ELSEWHERE, localAddress: '127.0.0.3' });
    const opened = await client.nextOf('StreamOpen');
    assert.equal(JSON.stringify(opened['headers']).includes('127.0.0.3'), true);
    const { data: head } = await client.nextOf('StreamData');
    assert.equal(
      Buffer.from(head as Uint8Array).toString(),
      `PROXY TCP4 127.0.0.3 127.0.0.2 ${allowed.socket.localPort} ${proxied}\r\n`,
    );
    client.socket.terminate();
    await allowed.closed();
    assert.equal(allowed.error, 'ECONNRESET');
    while (!(await refusedPort(proxied, ELSEWHERE))) await pause(50);
  });

  test('is one account’s on all nodes, goes along with its client, and stays open while Redis hangs', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [port = 0] = await freePorts(1);
    const files = makeCertificate(temporaryFolder(t));
    const secure = `tls: { cert: "${files.cert}", key: "${files.key}" }`;
    assert.ok(readFileSync(files.cert).length > 0);
    const wish = { redis, ports: `${port}-${port}`, node: secure };
    const [one, other] = await Promise.all([
      startNode(t, { ...wish, host: HERE }),
      startNode(t, { ...wish, host: ELSEWHERE }),
    ]);
    const { url, leadTo } = await nodeBalancer(t);
    leadTo(one.address('tunnels'));
    expose(t, url, await app(t), port);
    await untilServed(t, port, ELSEWHERE);
    await proveBulk(t, port, ELSEWHERE);

    redis.signal('SIGSTOP');
    t.after(() => redis.signal('SIGCONT'));
    for (let count = 0; count < 5; count += 1) assert.equal(await ask(t, port, { host: ELSEWHERE }), HELLO);
    redis.signal('SIGCONT');
    const stranger = await TunnelClient.connect(t, other.address('tunnels'));
    stranger.say('Auth', { token: BOB, version: 2 });
    await stranger.nextOf('HeartbeatAck');
    stranger.say('TunnelCreate', { protocol: 'tcp', remote_port: port });
    assert.equal((await stranger.nextOf('Error'))['code'], 'SUBDOMAIN_UNAVAILABLE');
    assert.equal(await ask(t, port, { host: ELSEWHERE }), HELLO);

    leadTo(other.address('tunnels'));
    one.signal('SIGKILL');
    await one.ended;
    await untilServed(t, port, ELSEWHERE);
    await startNode(t, { ...wish, host: HERE });
    await untilServed(t, port, HERE);
  });
});
