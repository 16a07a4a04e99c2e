// Tunnels as clients of the generation 2.x speak them, with visitors at the gateway.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ask } from '../support/ask.ts';
import type { Gateway } from '../support/gateway.ts';
import { LegacySocket, LegacyTunnelClient, textOf } from '../support/legacy-tunnel-client.ts';
import { RawClient } from '../support/raw-client.ts';
import { code, doorOf, SERVER, serve, TOKEN, USERS, visit } from '../support/tunnel-visits.ts';

async function open(t: TestContext, gateway: Gateway, name = 'app'): Promise<LegacyTunnelClient> {
  const client = await LegacyTunnelClient.open(t, doorOf(gateway), TOKEN);
  assert.equal((await client.tunnel(name))['Type'], 'NewTunnel');
  return client;
}

describe('a client of the generation 2.x', () => {
  test('gets its tunnels by identifiers that stay the same and are part of no other', async (t) => {
    const gateway = await serve(t);
    const client = await LegacyTunnelClient.open(t, doorOf(gateway), TOKEN);
    const [app, myapp] = [await client.tunnel('app'), await client.tunnel('myapp')];
    assert.deepEqual(
      { ...app, TunnelId: '' },
      {
        Type: 'NewTunnel',
        ReqId: 'req-app',
        Url: 'http://app.example.test',
        Protocol: 'http',
        Subdomain: 'app',
        TunnelId: '',
      },
    );
    assert.match(textOf(app['TunnelId']), /^[0-9a-f]{40}$/);
    assert.notEqual(app['TunnelId'], myapp['TunnelId']);
    const again = await open(t, gateway);
    assert.equal((await again.tunnel('app'))['TunnelId'], app['TunnelId']);
    again.control.say('Ping');
    assert.deepEqual(await again.control.next(), { Type: 'Pong' });
    const visited = visit(gateway);
    const { start } = await (await again.proxy()).request();
    assert.equal(start['Url'], `http://app.example.test/${textOf(app['TunnelId'])}`);
    again.control.socket.terminate();
    assert.equal(code(await visited), 'tunnel_offline');
  });

  test('is told why not, in the words that it reads', async (t) => {
    const gateway = await serve(t);
    const stranger = await LegacySocket.connect(t, `${doorOf(gateway)}/api/v1/ws/tunnel`, '');
    stranger.say('Auth', { ClientId: 'x', User: 'wrong' });
    assert.deepEqual(await stranger.next(), { Type: 'AuthResp', Error: 'Invalid auth token' });
    const client = await open(t, gateway);
    const wishes: [string, Record<string, string>, string][] = [
      ['x', { Protocol: 'tcp' }, 'TCP_DISABLED'],
      ['x', { Protocol: 'udp' }, 'UNSUPPORTED_PROTOCOL'],
      ['x', { Hostname: 'a.example.com' }, 'HOSTNAME_NOT_REGISTERED'],
      ['www', {}, 'SUBDOMAIN_UNAVAILABLE'],
    ];
    for (const [name, wish, expected] of wishes) {
      const refusal = await client.tunnel(name, wish);
      assert.deepEqual(
        [refusal['Type'], refusal['ReqId'], refusal['error_code']],
        ['ErrorResp', `req-${name}`, expected],
      );
      assert.equal(typeof refusal['message'], 'string');
    }
  });

  test('is shown no name of this machine that it would take for another', async (t) => {
    const server = { ...SERVER, domain: 'localhost', public_url: 'http://{subdomain}.localhost:8080' };
    const gateway = await serve(t, { tunnels: { server } });
    const client = await LegacyTunnelClient.open(t, doorOf(gateway), TOKEN);
    assert.equal((await client.tunnel('app'))['Url'], 'http://app.LOCALHOST:8080');
  });

  test('keeps its socket for the next request, and opens one more only when it is asked', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const first = visit(gateway, '/1');
    const socket = await client.proxy();
    await socket.request();
    const second = visit(gateway, '/2');
    const other = await client.proxy();
    await other.request();
    socket.answer(200, { 'Content-Length': '1' }, 'a');
    other.answer(200, { 'Content-Length': '1' }, 'b');
    assert.deepEqual([(await first).body, (await second).body], ['a', 'b']);
    const third = visit(gateway, '/3');
    const { request } = await other.request();
    other.answer(404);
    assert.deepEqual([request['path'], (await third).status, client.control.heard], ['/3', 404, []]);
  });

  test('is asked for no more than 49 sockets, and those that have to wait get theirs', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visits = Array.from({ length: 52 }, (_, index) => visit(gateway, `/${index}`));
    const sockets: LegacySocket[] = [];
    while (sockets.length < 49) sockets.push(await client.proxy());
    client.control.say('Ping');
    assert.deepEqual(await client.control.next(), { Type: 'Pong' });
    const excess = await client.unasked();
    assert.equal((await excess.end()).code, 1008);
    const serveAll = async (socket: LegacySocket): Promise<void> => {
      while (socket.closed === null) {
        await socket.request();
        socket.answer(204);
      }
    };
    for (const socket of sockets) void serveAll(socket).catch(() => {});
    for (const { status } of await Promise.all(visits)) assert.equal(status, 204);
  });

  test('has its sockets bound to its account', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const bobs = await client.unasked(client.clientId, 'token-of-bob');
    assert.equal((await bobs.end()).code, 1008);
    await assert.rejects(LegacySocket.connect(t, `${doorOf(gateway)}/api/v1/ws/proxy`, 'wrong'), /401/);
    const nonsense = await LegacySocket.connect(t, `${doorOf(gateway)}/api/v1/ws/proxy`, TOKEN);
    nonsense.say('Proxy');
    assert.equal((await nonsense.end()).code, 1008);
  });
});

describe('a visitor of such a client', () => {
  test('is put to the app in one piece, which is asked to close', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visited = visit(gateway, '//a/b?c=%20d', {
      method: 'POST',
      body: 'hello',
      headers: { Expect: '100-continue', Cookie: 'a=1', 'Transfer-Encoding': 'chunked' },
    });
    const socket = await client.proxy();
    const { start, request, headers } = await socket.request();
    assert.deepEqual([start['ClientAddr'], /^[0-9a-f]+$/.test(textOf(start['RequestId']))], ['127.0.0.1', true]);
    assert.deepEqual(
      [request['method'], request['path'], request['query'], request['body']],
      ['POST', '//a/b', 'c=%20d', Buffer.from('hello')],
    );
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    for (const gone of ['transfer-encoding', 'expect', 'x-request-id']) assert.ok(!names.includes(gone), gone);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${textOf(value)}`);
    assert.ok(
      lines[0]?.endsWith('\r\nConnection: close') === true && lines.at(-1)?.endsWith('\r\nConnection: close') === true,
    );
    assert.equal(lines[1], 'Connection: close');
    assert.equal(headers['Content-Length'], '5\r\nConnection: close');
    socket.answer(200, { 'Content-Length': '2' }, 'ok');
    assert.equal((await visited).body, 'ok');
  });

  test('gets bodies without their chunks, and what came last of fields that came twice', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visited = visit(gateway, '/', { headers: { 'X-Name': 'gr\u00c3\u00bc\u00c3\u009fe' } });
    const socket = await client.proxy();
    // The client writes UTF-8 again.
    assert.match(textOf((await socket.request()).headers['X-Name']), /^grüße/);
    const chunks = '3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n';
    socket.answer(200, { 'Transfer-Encoding': 'chunked', Connection: 'close', 'Set-Cookie': 'b=2' }, chunks);
    const { body, headers } = await visited;
    assert.deepEqual([body, headers['set-cookie'], headers['x-sum']], ['abcde', ['b=2'], undefined]);
    const heads = visit(gateway, '/', { method: 'HEAD' });
    await socket.request();
    socket.answer(200, { 'Content-Length': '42' });
    assert.deepEqual([(await heads).status, (await heads).headers['content-length']], [200, '42']);
  });

  test('is told when the answer is not whole, and when there is none', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const answers: [Record<string, string>, string][] = [
      [{ 'Content-Length': '10' }, 'half'],
      [{ 'Content-Length': '4', 'Transfer-Encoding': 'chunked' }, 'half'],
    ];
    for (const [headers, body] of answers) {
      const visited = visit(gateway);
      const socket = await client.proxy();
      await socket.request();
      socket.answer(200, headers, body);
      assert.equal(code(await visited), 'tunnel_failed');
    }
    const visited = visit(gateway);
    const socket = await client.proxy();
    await socket.request();
    // What the client says when its app has closed the connection, or refused it.
    socket.answer(500);
    assert.equal((await visited).status, 502);
    const refused = visit(gateway);
    (await client.proxy()).socket.close();
    assert.equal((await refused).status, 502);
  });

  test('is refused what the client cannot carry', async (t) => {
    const gateway = await serve(t, { limits: { body: '100MiB' } });
    const client = await open(t, gateway);
    const large = 4 * 1024 * 1024;
    for (const headers of [{ 'Content-Length': String(large + 1) }, { 'Transfer-Encoding': 'chunked' }] as const) {
      const body = 'Content-Length' in headers ? {} : { body: 'x'.repeat(large) };
      assert.equal((await visit(gateway, '/', { method: 'POST', headers, ...body })).status, 413);
    }
    const visitor = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/chat`, {
      headers: { Host: 'app.example.test' },
    });
    visitor.on('error', () => {});
    const [, response] = (await once(visitor, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.deepEqual([response.statusCode, response.headers['sluice-error']], [501, 'tunnel_no_websocket']);
    visitor.terminate();
    assert.deepEqual(client.control.heard, []);
  });

  test('has to know the password of the tunnel, which the app does not see', async (t) => {
    const gateway = await serve(t);
    const client = await LegacyTunnelClient.open(t, doorOf(gateway), TOKEN);
    await client.tunnel('app', { HttpAuth: 'user:secret' });
    const basic = (text: string): Record<string, string> => ({
      Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const asked = await visit(gateway);
    assert.deepEqual([asked.status, asked.headers['www-authenticate']], [401, 'Basic realm="app", charset="UTF-8"']);
    assert.equal((await visit(gateway, '/', { headers: basic('user:wrong') })).status, 401);
    const visited = visit(gateway, '/', { headers: basic('user:secret') });
    const socket = await client.proxy();
    const { headers } = await socket.request();
    assert.equal(headers['Authorization'], undefined);
    socket.answer(204);
    assert.equal((await visited).status, 204);
  });

  test('who leaves costs nobody a socket', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visitor = await RawClient.connect(t, gateway.port);
    visitor.socket.write('GET /slow HTTP/1.1\r\nHost: app.example.test\r\n\r\n');
    const socket = await client.proxy();
    await socket.request();
    visitor.socket.destroy();
    await gateway.until(() => gateway.tunnels.reports()[0]?.client?.streams === 0, 'that the visitor has left');
    socket.answer(200, { 'Content-Length': '4' }, 'late');
    const visited = visit(gateway, '/next');
    const { request } = await socket.request();
    socket.answer(204);
    assert.deepEqual([request['path'], (await visited).status], ['/next', 204]);
  });

  test('obeys the policies of the gateway', async (t) => {
    const gateway = await serve(t, { gateway: { policies: { headers: { response: { set: { 'X-Set': 'yes' } } } } } });
    const client = await open(t, gateway);
    const visited = visit(gateway);
    const socket = await client.proxy();
    await socket.request();
    socket.answer(200, { 'Content-Length': '0' });
    assert.equal((await visited).headers['x-set'], 'yes');
    await gateway.apply({
      users: USERS,
      tunnels: { server: SERVER },
      gateway: { policies: { acl: { deny: ['127.0.0.0/8'] } } },
    });
    assert.equal((await ask(gateway.url, { headers: { Host: 'app.example.test' } })).status, 403);
  });
});
