// Two nodes of the real program that share a Redis: visitors of a tunnel reach its client from both, whichever it is connected to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { ask } from '../support/ask.ts';
import { Redis } from '../support/redis.ts';
import { type SluiceProcess, SluiceProcess as Started, startSluice } from '../support/sluice-process.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { BOB, nodeBalancer } from '../support/tunnel-node.ts';

const ALICE = 'token-of-alice-123456';
const HOST = 'app.example.test';

function node(t: TestContext, redis: Redis, secret = 'secret-of-all-nodes'): Promise<SluiceProcess> {
  const config = `
process: { state: "${redis.url}", data_dir: data, node: { listen: "127.0.0.1:0", secret: ${secret} } }
log: { format: json }
users:
  - { name: alice, token: ${ALICE}, may: [tunnels] }
  - { name: bob, token: ${BOB}, may: [tunnels] }
tunnels: { server: { enabled: true, listen: "127.0.0.1:0", domain: example.test, tcp_ports: null } }
`;
  return startSluice(t, { files: { 'sluice.yaml': config } });
}

/** The local server behind the tunnel. */
async function app(t: TestContext): Promise<number> {
  const server = http.createServer((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: one\n\n');
      server.once('go on', () => response.end('data: two\n\n'));
    } else if (request.url === '/go-on') {
      server.emit('go on');
      response.end();
    } else if (request.method === 'POST') {
      response.writeHead(200, { Trailer: 'X-Sum' });
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        response.write(`${bytes}\n`);
      });
      request.on('end', () => {
        response.addTrailers({ 'X-Sum': String(bytes) });
        response.end();
      });
    } else response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    socket.on('close', (code) => server.emit('closed', code));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as net.AddressInfo).port;
}

function expose(t: TestContext, port: number, server: string): SluiceProcess {
  const args = ['http', `127.0.0.1:${port}`, '--server', server, '--subdomain', 'app'];
  return new Started(t, { args, env: { RETUNNEL_AUTH_TOKEN: ALICE } });
}

function visit(at: SluiceProcess, path = '/', headers: Record<string, string> = {}): ReturnType<typeof ask> {
  return ask(`${at.address('gateway')}${path}`, { headers: { Host: HOST, ...headers } });
}

async function untilServed(at: SluiceProcess): Promise<void> {
  while ((await visit(at)).status !== 200) await pause(50);
}

describe('a tunnel whose client is on another node', { timeout: 150_000 }, () => {
  test('is reached as if it were here', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, redis), node(t, redis)]);
    assert.equal((await visit(other)).status, 404);
    expose(t, await app(t), one.address('tunnels').replace('http', 'ws'));
    await untilServed(one);
    await untilServed(other);
    const seen = JSON.parse((await visit(other, '/a?b=c', { 'X-Forwarded-For': '6.6.6.6' })).body);
    assert.equal(seen.url, '/a?b=c');
    assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen.headers['x-forwarded-host'], HOST);
    assert.deepEqual(
      Object.keys(seen.headers).filter((name) => name.startsWith('sluice-')),
      [],
    );

    const { port } = new URL(other.address('gateway'));
    const upload = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/', headers: { Host: HOST } });
    upload.write('12345');
    const [answer] = (await once(upload, 'response')) as [http.IncomingMessage];
    const parts = answer.setEncoding('utf8')[Symbol.asyncIterator]();
    assert.equal((await parts.next()).value, '5\n');
    upload.end('678');
    assert.equal((await parts.next()).value, '8\n');
    assert.equal((await parts.next()).done, true);
    assert.deepEqual({ ...answer.trailers }, { 'x-sum': '8' });

    const [events] = (await once(
      http.get({ port, host: '127.0.0.1', path: '/events', headers: { Host: HOST } }),
      'response',
    )) as [http.IncomingMessage];
    const said = events.setEncoding('utf8')[Symbol.asyncIterator]();
    assert.equal((await said.next()).value, 'data: one\n\n');
    await visit(other, '/go-on');
    assert.equal((await said.next()).value, 'data: two\n\n');

    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { Host: HOST } });
    t.after(() => socket.terminate());
    await once(socket, 'open');
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
    const big = Buffer.alloc(1_000_000, 7);
    socket.send(big);
    assert.ok(big.equals((await once(socket, 'message'))[0] as Buffer));
    socket.close(4002);
    assert.equal((await once(socket, 'close'))[0], 4002);

    const metrics = await (await fetch(`${other.address('metrics')}/metrics`)).text();
    assert.match(metrics, /^sluice_tunnel_to_nodes_total [1-9]/m);
    const stranger = await TunnelClient.connect(t, other.address('tunnels'));
    stranger.say('Auth', { token: BOB, version: 2 });
    await stranger.nextOf('HeartbeatAck');
    stranger.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
    assert.equal((await stranger.nextOf('Error'))['code'], 'SUBDOMAIN_UNAVAILABLE');
    stranger.say('TunnelCreate', { protocol: 'http', subdomain: 'other' });
    assert.equal((await stranger.nextOf('TunnelCreated'))['subdomain'], 'other');
    assert.equal((await visit(other)).status, 200);
  });

  test('is reached again as soon as its client has come back, wherever that is', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, redis), node(t, redis)]);
    const { url, leadTo } = await nodeBalancer(t);
    leadTo(one.address('tunnels'));
    const client = expose(t, await app(t), url);
    await untilServed(other);
    leadTo(other.address('tunnels'));
    one.signal('SIGKILL');
    await one.ended;
    await untilServed(other);
    const again = await node(t, redis);
    await untilServed(again);
    client.signal('SIGKILL');
    await client.ended;
    while ((await visit(again)).status !== 503) await pause(50);
    const stranger = await TunnelClient.connect(t, again.address('tunnels'));
    stranger.say('Auth', { token: BOB, version: 2 });
    await stranger.nextOf('HeartbeatAck');
    stranger.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
    assert.equal((await stranger.nextOf('Error'))['code'], 'SUBDOMAIN_UNAVAILABLE');
  });

  test('is reached while Redis hangs, once it is known, and what connects then works here', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, redis), node(t, redis)]);
    expose(t, await app(t), one.address('tunnels').replace('http', 'ws'));
    await untilServed(other);
    redis.signal('SIGSTOP');
    t.after(() => redis.signal('SIGCONT'));
    for (let count = 0; count < 20; count += 1) assert.equal((await visit(other)).status, 200);
    const late = await TunnelClient.open(t, other.address('tunnels'), { token: BOB, names: ['late'] });
    const visitor = ask(`${other.address('gateway')}/`, { headers: { Host: 'late.example.test' } });
    late.answer((await late.nextOf('StreamOpen'))['stream_id'], { body: 'here' });
    assert.equal((await visitor).body, 'here');
    redis.signal('SIGCONT');
    const elsewhere = async (): Promise<void> => {
      const { status } = await ask(`${one.address('gateway')}/`, { headers: { Host: 'late.example.test' } });
      if (status === 404) return pause(50).then(elsewhere);
      assert.equal(status, 200);
    };
    const answering = late.nextOf('StreamOpen').then(({ stream_id: id }) => late.answer(id, { body: 'there' }));
    await elsewhere();
    await answering;
  });

  test('is not reached by a node with another secret', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, redis), node(t, redis, 'another-secret-than-that')]);
    expose(t, await app(t), one.address('tunnels').replace('http', 'ws'));
    await untilServed(one);
    while ((await visit(other)).status === 404) await pause(50);
    assert.equal((await visit(other)).status, 503);
    assert.notEqual(other.logged('another node cannot be spoken to').length, 0);
  });
});
