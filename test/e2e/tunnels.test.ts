// Tunnels as clients of the generation 3.x speak them, with visitors at the gateway. Rule: the client of these tests says what the
// genuine one says, byte for byte where that matters.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { readMsgpack } from '../../src/codec/msgpack/read-msgpack.ts';
import { writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import { ask } from '../support/ask.ts';
import type { Gateway } from '../support/gateway.ts';
import { readAll } from '../support/origins.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { code, doorOf, open, SERVER, serve, TOKEN, USERS, visit } from '../support/tunnel-visits.ts';

/** The answer as soon as its head is there. */
async function begin(gateway: Gateway, path: string, method = 'GET'): Promise<http.IncomingMessage> {
  const request = http.request(`${gateway.url}${path}`, {
    method,
    agent: false,
    headers: { Host: 'app.example.test' },
  });
  request.on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

describe('a client that connects', () => {
  test('says and hears what was recorded of the genuine one', async (t) => {
    const gateway = await serve(t, { users: [{ name: 'alice', token: 'tok', may: ['tunnels'] }] });
    const client = await TunnelClient.connect(t, doorOf(gateway));
    // {"token": "tok", "version": 2, "Type": "Auth"}
    client.sayBytes(Buffer.from('83a5746f6b656ea3746f6ba776657273696f6e02a454797065a441757468', 'hex'));
    assert.deepEqual(await client.next(), { Type: 'HeartbeatAck', version: 2 });
    // {"protocol": "http", "subdomain": "app", "Type": "TunnelCreate"}
    client.sayBytes(
      Buffer.from(
        '83a870726f746f636f6ca468747470a9737562646f6d61696ea3617070a454797065ac54756e6e656c437265617465',
        'hex',
      ),
    );
    assert.deepEqual(await client.next(), {
      Type: 'TunnelCreated',
      url: 'http://app.example.test',
      subdomain: 'app',
    });
  });

  test('of the first version hears of no version, and gets a name of ours when it wants none', async (t) => {
    const gateway = await serve(t);
    const client = await TunnelClient.connect(t, doorOf(gateway));
    client.say('Auth', { token: TOKEN });
    assert.deepEqual(await client.next(), { Type: 'HeartbeatAck' });
    client.say('TunnelCreate', { protocol: 'http' });
    assert.match((await client.next())['subdomain'] as string, /^[a-z0-9]{11}$/);
  });

  test('is told why it is refused, in the codes that it knows', async (t) => {
    const gateway = await serve(t);
    const refusals: [string, object, string][] = [
      ['Auth', { token: 'wrong' }, 'UNAUTHORIZED'],
      ['Auth', { token: 'token-of-carol' }, 'UNAUTHORIZED'],
      ['Auth', { token: '' }, 'AUTH_REQUIRED'],
      ['TunnelCreate', { protocol: 'http' }, 'AUTH_REQUIRED'],
    ];
    for (const [type, fields, expected] of refusals) {
      const client = await TunnelClient.connect(t, doorOf(gateway));
      client.say(type, fields as never);
      assert.equal((await client.next())['code'], expected);
      assert.equal((await client.end()).code, 1008);
    }
    const client = await open(t, gateway);
    const wishes: [object, string][] = [
      [{ protocol: 'tcp', remote_port: 80 }, 'SUBDOMAIN_UNAVAILABLE'],
      [{ protocol: 'udp' }, 'UNSUPPORTED_PROTOCOL'],
      [{ protocol: 'http', hostname: 'a.example.com' }, 'HOSTNAME_NOT_REGISTERED'],
      [{ protocol: 'http', path: 'two/parts' }, 'INVALID_PATH'],
      [{ protocol: 'http', subdomain: 'www' }, 'SUBDOMAIN_UNAVAILABLE'],
      [{ protocol: 'http', subdomain: '__proto__' }, 'SUBDOMAIN_UNAVAILABLE'],
    ];
    for (const [fields, expected] of wishes) {
      client.say('TunnelCreate', fields as never);
      assert.equal((await client.next())['code'], expected);
    }
  });

  test('is asked for a WebSocket where it comes without one, and ended when it talks nonsense', async (t) => {
    const gateway = await serve(t);
    assert.equal((await ask(`${doorOf(gateway)}/api/v1/ws/tunnel`)).status, 426);
    const client = await TunnelClient.connect(t, doorOf(gateway));
    client.sayBytes(Buffer.from([0xc1]));
    assert.equal((await client.end()).code, 1002);
  });

  test('hears of no visitor while it still creates tunnels', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visited = visit(gateway);
    client.say('TunnelCreate', { protocol: 'http', subdomain: 'second' });
    assert.equal((await client.next())['Type'], 'TunnelCreated');
    const opened = await client.next();
    assert.deepEqual([opened['Type'], opened['tunnel_id']], ['StreamOpen', 'app']);
    client.answer(opened['stream_id']);
    assert.equal((await visited).status, 200);
  });
});

describe('a request of a visitor', () => {
  test('goes to the app with what the gateway says of the visitor, and comes back with every field', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visited = visit(gateway, '/a?b=%20c', {
      headers: { 'Sluice-Tunnel': 'other', Connection: 'x-own', 'X-Own': '1' },
    });
    const { headers, stream_id: id, ...rest } = await client.next();
    assert.deepEqual(rest, {
      Type: 'StreamOpen',
      tunnel_id: 'app',
      mode: 'http',
      path: '/a?b=%20c',
      method: 'GET',
      has_body: false,
    });
    const fields = new Map(headers as [string, string][]);
    assert.deepEqual([fields.get('Host'), fields.get('X-Forwarded-For')], ['app.example.test', '127.0.0.1']);
    const names = [...fields.keys()].map((name) => name.toLowerCase());
    assert.deepEqual(
      names.filter((name) => /^(?:sluice-tunnel|connection|x-own|expect)$/.test(name)),
      [],
    );
    const cookies = ['a=1', 'b=2', 'c=3'].map((cookie) => ['Set-Cookie', cookie] as const);
    client.answer(id, { headers: [...cookies, ['Transfer-Encoding', 'chunked']], body: 'hello' });
    const answer = await visited;
    assert.deepEqual([answer.status, answer.headers['set-cookie'], answer.body], [200, ['a=1', 'b=2', 'c=3'], 'hello']);
  });

  test('has its body in whole parts, whose last one says so', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const body = 'x'.repeat(150_000);
    const visited = visit(gateway, '/', { method: 'POST', body, headers: { Expect: '100-continue' } });
    const { stream_id: id, has_body: hasBody } = await client.next();
    const parts = [await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      [hasBody, ...parts.map(({ data, fin }) => [(data as Buffer).length, fin])],
      [true, [65_536, false], [65_536, false], [150_000 - 131_072, true]],
    );
    client.answer(id, { status: 201 });
    assert.equal((await visited).status, 201);
  });

  test('brings its body along in the first version', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway, 1);
    const visited = visit(gateway, '/', { method: 'PUT', body: 'all of it' });
    const { headers, body, stream_id: id } = await client.next();
    assert.deepEqual([body, (headers as Map<string, string>).get('Method')], [Buffer.from('all of it'), 'PUT']);
    client.say('StreamData', { stream_id: id as number, data: writeMsgpack({ status: 200, headers: [] }) });
    client.say('StreamData', { stream_id: id as number, data: Buffer.from('one') });
    client.say('StreamClose', { stream_id: id as number });
    assert.equal((await visited).body, 'one');
  });

  test('with more than the client can keep is refused before anything is asked', async (t) => {
    const gateway = await serve(t, { limits: { body: '100MiB' } });
    const client = await open(t, gateway);
    const answer = await visit(gateway, '/', {
      method: 'POST',
      headers: { 'Content-Length': String(11 * 1024 * 1024) },
    });
    assert.deepEqual([answer.status, code(answer), client.heard.length], [413, 'request_body_too_large', 0]);
  });

  test('gets the answer as it comes', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const waiting = begin(gateway, '/events');
    const { stream_id: id } = await client.next();
    client.answer(id, { headers: [['Content-Type', 'text/event-stream']], ends: false });
    const response = await waiting;
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      client.say('StreamData', { stream_id: id as number, data: Buffer.from(event) });
      assert.equal(String((await once(response, 'data'))[0]), event);
    }
    client.say('StreamClose', { stream_id: id as number });
    assert.equal(await readAll(response), '');
  });

  test('gets no body where there is none', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const waiting = begin(gateway, '/', 'HEAD');
    client.answer((await client.next())['stream_id'], { headers: [['Content-Length', '42']] });
    const head = await waiting;
    assert.deepEqual([head.headers['content-length'], await readAll(head)], ['42', '']);
    const visited = visit(gateway);
    client.answer((await client.next())['stream_id'], { status: 304, headers: [['ETag', '"x"']] });
    const { status, headers } = await visited;
    assert.deepEqual([status, headers.etag], [304, '"x"']);
  });

  test('is told what went wrong, and is cut where it cannot be told any more', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visited = visit(gateway);
    client.say('StreamReset', {
      stream_id: (await client.next())['stream_id'] as number,
      reason: 'connection refused',
    });
    assert.equal(code(await visited), 'tunnel_failed');
    const nonsense = visit(gateway);
    client.answer((await client.next())['stream_id'], { headers: [['X-Evil', 'a\r\nSet-Cookie: b']], ends: false });
    assert.equal(code(await nonsense), 'tunnel_failed');
    const waiting = begin(gateway, '/');
    const { stream_id: id } = await client.nextOf('StreamOpen');
    client.answer(id, { headers: [['Content-Length', '10']], body: 'half', ends: false });
    const response = await waiting;
    client.say('StreamClose', { stream_id: id as number });
    await assert.rejects(readAll(response), { code: 'ECONNRESET' });
  });

  test('ends with its visitor', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const waiting = begin(gateway, '/');
    const { stream_id: id } = await client.next();
    client.answer(id, { body: 'x', ends: false });
    const response = await waiting;
    response.on('error', () => {});
    response.destroy();
    assert.deepEqual(await client.next(), { Type: 'StreamClose', stream_id: id });
  });

  test('obeys the policies of the gateway, also those of a route that names the tunnel', async (t) => {
    const response = { set: { 'X-Set': 'yes' } };
    const route = { match: { host: 'own.test' }, to: { tunnel: 'app' }, policies: { headers: { response } } };
    const gateway = await serve(t, { gateway: { routes: [route], policies: { acl: { deny: ['192.0.2.0/24'] } } } });
    const client = await open(t, gateway);
    const visited = visit(gateway, '/', {}, 'own.test');
    client.answer((await client.next())['stream_id']);
    assert.equal((await visited).headers['x-set'], 'yes');
    await gateway.apply({
      users: USERS,
      tunnels: { server: SERVER },
      gateway: { policies: { acl: { deny: ['127.0.0.0/8'] } } },
    });
    assert.equal((await visit(gateway)).status, 403);
    assert.deepEqual([client.closed, client.heard], [null, []]);
  });
});

describe('a WebSocket of a visitor', () => {
  function connect(t: TestContext, gateway: Gateway, protocols: string[] = []): WebSocket {
    const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/chat`, protocols, {
      headers: { Host: 'app.example.test' },
    });
    socket.on('error', () => {});
    t.after(() => socket.terminate());
    return socket;
  }

  test('is accepted with what the app has chosen, and carries messages, pings and codes', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visitor = connect(t, gateway, ['a', 'chat']);
    const { stream_id: id, mode, path, headers } = await client.next();
    const names = (headers as [string, string][]).map(([name]) => name.toLowerCase());
    assert.deepEqual(
      [mode, path, names.includes('sec-websocket-protocol'), names.includes('sec-websocket-key')],
      ['ws', '/chat', true, false],
    );
    client.say('StreamData', {
      stream_id: id as number,
      data: writeMsgpack({ status: 101, subprotocol: 'chat' }),
      fin: true,
    });
    await once(visitor, 'open');
    assert.equal(visitor.protocol, 'chat');
    visitor.send('hé', { fin: false });
    visitor.send('llo', { fin: true });
    const { data, ws_type: kind, fin } = await client.next();
    assert.deepEqual([data, kind, fin], [Buffer.from('héllo'), 'text', true]);
    client.say('StreamData', { stream_id: id as number, data: Buffer.from([1, 2]), ws_type: 'binary', fin: false });
    client.say('StreamData', { stream_id: id as number, data: Buffer.from([3]), ws_type: 'binary', fin: true });
    assert.deepEqual(await once(visitor, 'message'), [Buffer.from([1, 2, 3]), true]);
    visitor.ping('?');
    assert.equal(String((await once(visitor, 'pong'))[0]), '?');
    visitor.close(4002, 'enough');
    assert.deepEqual(await client.next(), { Type: 'StreamClose', stream_id: id, code: 4002, reason: 'enough' });
  });

  test('is closed as the app closes it, and refused as the app refuses it', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visitor = connect(t, gateway);
    const { stream_id: id } = await client.next();
    client.say('StreamData', { stream_id: id as number, data: writeMsgpack({ status: 101 }), fin: true });
    await once(visitor, 'open');
    client.say('StreamClose', { stream_id: id as number, code: 4000, reason: 'bye' });
    const [closed, reason] = (await once(visitor, 'close')) as [number, Buffer];
    assert.deepEqual([closed, String(reason)], [4000, 'bye']);
    const refusedOne = connect(t, gateway);
    const second = (await client.nextOf('StreamOpen'))['stream_id'] as number;
    const head = { status: 401, reason: 'Unauthorized', headers: [['X-Why', 'no']] };
    client.say('StreamData', { stream_id: second, data: writeMsgpack(head), fin: true });
    client.say('StreamClose', { stream_id: second });
    const [, response] = (await once(refusedOne, 'unexpected-response')) as [unknown, http.IncomingMessage];
    assert.deepEqual([response.statusCode, response.headers['x-why']], [401, 'no']);
  });
});

test('what a client says of its heart is measured', async (t) => {
  const gateway = await serve(t);
  const client = await open(t, gateway);
  client.say('HeartbeatAck');
  const visited = visit(gateway);
  const { stream_id: id } = await client.next();
  client.say('StreamData', { stream_id: 99, data: Buffer.from('of no stream') });
  client.say('Later', { new: 1 });
  client.answer(id);
  assert.equal((await visited).status, 200);
  assert.equal(gateway.metric('sluice_tunnel_streams_total'), 1);
  assert.ok(gateway.metric('sluice_tunnel_bytes_total', { direction: 'in' }) > 0);
  assert.equal(typeof gateway.tunnels.reports()[0]?.client?.roundTripMs, 'number');
  assert.ok(readMsgpack(Buffer.from([0xc0])) === null);
});
