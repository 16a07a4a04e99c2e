// TCP tunnels as clients of the generation 3.x speak them, with visitors at their ports. Rule: the client of these tests says what the
// genuine one says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { freePorts } from '../support/free-ports.ts';
import { configOf, type Gateway } from '../support/gateway.ts';
import { refusedPort, TcpVisit } from '../support/tcp-visits.ts';
import { type Heard, TunnelClient } from '../support/tunnel-client.ts';
import { doorOf, SERVER, serve, TOKEN, USERS } from '../support/tunnel-visits.ts';

async function withPorts(t: TestContext, server: object = {}, settings: object = {}): Promise<[Gateway, number]> {
  const [port = 0] = await freePorts(1);
  const own = { ...SERVER, tcp_ports: { from: port, to: port + 20 }, ...server };
  return [await serve(t, { tunnels: { server: own }, ...settings }), port];
}

async function connect(t: TestContext, gateway: Gateway, token = TOKEN): Promise<TunnelClient> {
  return TunnelClient.open(t, doorOf(gateway), { token, names: [] });
}

async function ask(client: TunnelClient, fields: object = {}): Promise<Heard> {
  client.say('TunnelCreate', { protocol: 'tcp', ...fields });
  return client.next();
}

describe('a TCP tunnel', () => {
  test('is told by its address, id and port, and carries bytes both ways', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    assert.deepEqual(await ask(client, { remote_port: port }), {
      Type: 'TunnelCreated',
      url: `tcp://example.test:${port}`,
      subdomain: `tcp-${port}`,
      remote_port: port,
    });
    const visit = await TcpVisit.open(t, port);
    const opened = await client.nextOf('StreamOpen');
    assert.deepEqual([opened['tunnel_id'], opened['mode']], [`tcp-${port}`, 'tcp']);
    const id = opened['stream_id'] as number;
    client.say('StreamData', { stream_id: id, data: Buffer.from('banner\r\n') });
    await visit.until('banner');
    visit.socket.write('hello');
    assert.deepEqual(await client.next(), { Type: 'StreamData', stream_id: id, data: Buffer.from('hello') });
    client.say('StreamData', { stream_id: id, data: Buffer.from('bye') });
    client.say('StreamClose', { stream_id: id });
    await visit.end();
    assert.equal(visit.heard, 'banner\r\nbye');
    const [report] = gateway.tunnels.reports();
    assert.deepEqual(report?.tcp, { port, connections: 1, connectionsTotal: 1, bytesReceived: 5, bytesSent: 11 });
  });

  test('lets a visitor who has said everything wait for the answer, though the client cannot be told', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const visit = await TcpVisit.open(t, port);
    visit.socket.end('ask');
    const id = (await client.nextOf('StreamData'))['stream_id'] as number;
    client.say('StreamData', { stream_id: id, data: Buffer.from('answer') });
    client.say('StreamClose', { stream_id: id });
    await visit.closed();
    assert.deepEqual([visit.heard, visit.error], ['answer', null]);
  });

  test('cuts its visitors when the local server cuts them, and when the client goes', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const first = await TcpVisit.open(t, port);
    const second = await TcpVisit.open(t, port);
    const id = (await client.nextOf('StreamOpen'))['stream_id'] as number;
    client.say('StreamReset', { stream_id: id, reason: 'refused' });
    await Promise.race([first.closed(), second.closed()]);
    client.socket.terminate();
    await Promise.all([first.closed(), second.closed()]);
    assert.deepEqual([first.error, second.error], ['ECONNRESET', 'ECONNRESET']);
    assert.ok(await refusedPort(port));
  });

  test('tells the client when its visitor has cut the connection', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const visit = await TcpVisit.open(t, port);
    await client.nextOf('StreamOpen');
    visit.socket.resetAndDestroy();
    assert.equal((await client.nextOf('StreamReset'))['reason'], 'the visitor has gone');
  });

  test('ends when nothing moves for as long as a tunnel may be idle', async (t) => {
    const [gateway, port] = await withPorts(t, {}, { timeouts: { tunnel_idle: '1s' } });
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const visit = await TcpVisit.open(t, port);
    await client.nextOf('StreamReset');
    await visit.closed();
    assert.equal(visit.error, 'ECONNRESET');
  });
});

describe('a port', () => {
  test('is a free one when none is asked for, and the same again for the account that had it', async (t) => {
    const [gateway] = await withPorts(t);
    const first = await connect(t, gateway);
    const port = (await ask(first))['remote_port'] as number;
    const other = (await ask(first))['remote_port'] as number;
    assert.notEqual(port, other);
    first.socket.terminate();
    await new Promise<void>((resolve) => gatewayIdle(gateway, resolve));
    const again = await connect(t, gateway);
    const ports = new Set([(await ask(again))['remote_port'], (await ask(again))['remote_port']]);
    assert.deepEqual(ports, new Set([port, other]));
  });

  test('belongs to its account also while the client is away, and a newer client of it takes it at once', async (t) => {
    const [gateway, port] = await withPorts(t);
    const stale = await connect(t, gateway);
    await ask(stale, { remote_port: port });
    const visit = await TcpVisit.open(t, port);
    const bob = await connect(t, gateway, 'token-of-bob');
    assert.equal((await ask(bob, { remote_port: port }))['code'], 'SUBDOMAIN_UNAVAILABLE');
    const newer = await connect(t, gateway);
    assert.equal((await ask(newer, { remote_port: port }))['remote_port'], port);
    await stale.end();
    await visit.closed();
    newer.socket.terminate();
    await new Promise<void>((resolve) => gatewayIdle(gateway, resolve));
    assert.equal((await ask(bob, { remote_port: port }))['code'], 'SUBDOMAIN_UNAVAILABLE');
    assert.deepEqual(
      gateway.tunnels.reports().map(({ name, client }) => [name, client]),
      [[`tcp-${port}`, null]],
    );
    assert.equal(gateway.tunnels.remove(`tcp-${port}`), true);
    assert.equal((await ask(bob, { remote_port: port }))['remote_port'], port);
  });

  test('has to be one of the server, and free on the machine', async (t) => {
    const [gateway, port] = await withPorts(t);
    const taken = net.createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const client = await connect(t, gateway);
    assert.equal((await ask(client, { remote_port: 22 }))['code'], 'SUBDOMAIN_UNAVAILABLE');
    assert.equal((await ask(client, { remote_port: port }))['code'], 'TUNNEL_CREATE_FAILED');
    assert.equal(typeof (await ask(client))['remote_port'], 'number');
  });

  test('is one of so many for each account', async (t) => {
    const [gateway] = await withPorts(t, { tcp: { ports_per_account: 1 } });
    const client = await connect(t, gateway);
    assert.equal(typeof (await ask(client))['remote_port'], 'number');
    assert.equal((await ask(client))['code'], 'POOL_EXHAUSTED');
  });

  test('is nobody’s where TCP tunnels are switched off, also by a reload', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const off = { users: USERS, tunnels: { server: { ...SERVER, tcp_ports: null } } };
    await gateway.apply(off);
    await gateway.tunnels.apply(configOf(off));
    await client.end();
    assert.ok(await refusedPort(port));
    const later = await connect(t, gateway);
    assert.equal((await ask(later))['code'], 'TCP_DISABLED');
  });
});

describe('whoever connects', () => {
  test('is named to the local server by a head of the PROXY protocol, as the server or the client wishes', async (t) => {
    const [gateway, port] = await withPorts(t, { tcp: { proxy_protocol: 'v2' } });
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port, proxy_protocol: 'v1' });
    await ask(client, { remote_port: port + 1 });
    await ask(client, { remote_port: port + 2, proxy_protocol: 'none' });
    assert.equal((await ask(client, { proxy_protocol: 'v9' }))['code'], 'UNSUPPORTED_PROTOCOL');
    const first = async (at: number): Promise<[TcpVisit, string]> => {
      const visit = await TcpVisit.open(t, at);
      visit.socket.write('x');
      return [visit, ((await client.nextOf('StreamData'))['data'] as Buffer).toString('latin1')];
    };
    const [visit, line] = await first(port);
    assert.equal(line, `PROXY TCP4 127.0.0.1 127.0.0.1 ${visit.socket.localPort} ${port}\r\n`);
    assert.deepEqual((await client.nextOf('StreamData'))['data'], Buffer.from('x'));
    assert.ok((await first(port + 1))[1].startsWith('\r\n\r\n\0\r\nQUIT\n'));
    assert.deepEqual((await client.nextOf('StreamData'))['data'], Buffer.from('x'));
    assert.equal((await first(port + 2))[1], 'x');
  });

  test('is cut when neither server nor client lets them in', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port, allow: ['192.0.2.0/24'] });
    assert.equal((await ask(client, { allow: ['everybody'] }))['code'], 'UNSUPPORTED_PROTOCOL');
    const visit = TcpVisit.begin(t, port);
    await visit.closed();
    assert.equal(visit.error, 'ECONNRESET');
    assert.equal(gateway.metric('sluice_tunnel_tcp_connections_total', { result: 'not_allowed' }), 1);
  });

  test('is one of so many for each tunnel', async (t) => {
    const [gateway, port] = await withPorts(t, { tcp: { connections: 1, allow: ['127.0.0.0/8'] } });
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const first = await TcpVisit.open(t, port);
    await client.nextOf('StreamOpen');
    const second = TcpVisit.begin(t, port);
    await second.closed();
    assert.equal(first.socket.closed, false);
    assert.equal(gateway.metric('sluice_tunnel_tcp_connections_total', { result: 'limit' }), 1);
  });

  test('and reads slowly holds back the local server', async (t) => {
    const [gateway, port] = await withPorts(t);
    const client = await connect(t, gateway);
    await ask(client, { remote_port: port });
    const visit = await TcpVisit.open(t, port);
    visit.socket.pause();
    const id = (await client.nextOf('StreamOpen'))['stream_id'] as number;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const all = 512;
    for (let at = 0; at < all; at++) client.say('StreamData', { stream_id: id, data: chunk });
    client.say('StreamClose', { stream_id: id });
    let bytes = 0;
    visit.socket.on('data', (data: Buffer) => (bytes += data.length));
    visit.socket.resume();
    await visit.end();
    assert.equal(bytes, all * chunk.length);
  });
});

/** No client is connected any more. */
function gatewayIdle(gateway: Gateway, done: () => void): void {
  if (gateway.tunnels.reports().every(({ client }) => client === null)) done();
  else setImmediate(() => gatewayIdle(gateway, done));
}
