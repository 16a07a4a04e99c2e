// The client of tunnels at a real tunnel server, with real local servers behind it and visitors at the gateway.
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { ask, type Asked } from '../support/ask.ts';
import { Exposed, localServer, serveTunnels, tunnelDoor, wish } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';

function visit(gateway: Gateway, path: string, asked: Asked = {}, name = 'app'): ReturnType<typeof ask> {
  return ask(`${gateway.url}${path}`, { ...asked, headers: { Host: `${name}.example.test`, ...asked.headers } });
}

const whole = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => Buffer.concat(await Array.fromAsync(stream));

describe('a visitor of a tunnel', () => {
  test('gets what the local server answers, which hears its own name and who the visitor is', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, (request, response) => {
      response.writeHead(201, { 'X-Own': 'yes', 'Set-Cookie': ['a=1', 'b=2'] });
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
    });
    const { opened, client } = await Exposed.open(t, gateway, wish(local.port));
    assert.equal(opened?.[0]?.url, 'http://app.example.test');
    const answer = await visit(gateway, '/a/../b?c=%20d');
    const seen = JSON.parse(answer.body) as { method: string; url: string; headers: Record<string, string> };
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.deepEqual([seen.method, seen.headers['host']], ['GET', `localhost:${local.port}`]);
    assert.equal(seen.headers['x-forwarded-host'], 'app.example.test');
    assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
    assert.ok(client.bytes.read > 0 && client.bytes.written > 0);
  });

  test('gets answers without a body as they are, one after the other on one connection', async (t) => {
    const gateway = await serveTunnels(t);
    let connections = 0;
    const local = await localServer(t, (request, response) => {
      response.writeHead(request.url === '/304' ? 304 : 200, { 'Content-Length': '5' });
      response.end(request.method === 'HEAD' || request.url === '/304' ? '' : 'hello');
    });
    local.on('connection', () => (connections += 1));
    await Exposed.open(t, gateway, wish(local.port));
    assert.deepEqual(await visit(gateway, '/', { method: 'HEAD' }).then(({ status, body }) => [status, body]), [
      200,
      '',
    ]);
    assert.equal((await visit(gateway, '/304')).status, 304);
    assert.equal((await visit(gateway, '/')).body, 'hello');
    assert.equal(connections, 1);
  });

  test('may send much and get much, byte for byte', async (t) => {
    const gateway = await serveTunnels(t);
    const down = randomBytes(20_000_000);
    const local = await localServer(t, (request, response) => {
      if (request.method === 'GET') response.end(down);
      else void whole(request).then((bytes) => response.end(hash('sha256', bytes)));
    });
    await Exposed.open(t, gateway, wish(local.port));
    const up = randomBytes(3_000_000);
    const headers = { Host: 'app.example.test' };
    for (const framing of [{ 'Content-Length': up.length }, { 'Transfer-Encoding': 'chunked' }]) {
      const request = http.request(`${gateway.url}/`, { method: 'POST', headers: { ...headers, ...framing } });
      request.end(up);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      assert.equal((await whole(response)).toString(), hash('sha256', up));
    }
    const request = http.get(`${gateway.url}/`, { headers });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(hash('sha256', await whole(response)), hash('sha256', down));
  });

  test('gets each event as it comes', async (t) => {
    const gateway = await serveTunnels(t);
    let say: (text: string) => void = () => {};
    const local = await localServer(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      say = (text) => void response.write(`data: ${text}\n\n`);
      say('first');
    });
    const exposed = await Exposed.open(t, gateway, wish(local.port));
    const request = http.get(`${gateway.url}/`, { headers: { Host: 'app.example.test' } });
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(response, 'data');
    for (const text of ['one', 'two']) {
      say(text);
      assert.equal(String((await once(response, 'data'))[0]), `data: ${text}\n\n`);
    }
    // Who leaves is told to the local server.
    request.destroy();
    await exposed.until(() => exposed.requests.length === 1);
    assert.equal(exposed.client.streamCount, 0);
  });

  test('is told where nobody listens, and led back to the public name by redirects', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, (request, response) => {
      const place = `http://${request.headers.host}/next`;
      response.writeHead(302, { Location: place, 'Set-Cookie': 'a=1; Domain=localhost; Path=/' }).end();
    });
    await Exposed.open(t, gateway, wish(local.port), wish(1, { name: 'none', subdomain: 'none' }));
    const moved = await visit(gateway, '/');
    assert.equal(moved.headers.location, 'http://app.example.test/next');
    assert.deepEqual(moved.headers['set-cookie'], ['a=1; Path=/']);
    const none = await visit(gateway, '/', {}, 'none');
    assert.equal(none.status, 502);
    assert.match(none.body, /"upstream_unreachable".*port 1 /);
    const page = await visit(gateway, '/', { headers: { Accept: 'text/html' } }, 'none');
    assert.match(page.body, /^<!doctype html>[^]*no server answers on port 1/);
  });

  test('is asked for a password, held to networks, and sees the fields that the owner wants', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, ({ headers }, response) => {
      response.setHeader('X-Secret', 'no');
      response.end(JSON.stringify([headers.host, headers['x-more'] ?? null, headers.authorization ?? null]));
    });
    await Exposed.open(
      t,
      gateway,
      wish(local.port, {
        auth: 'ann:se:cret',
        host_header: 'visitor',
        request_headers: { 'X-More': '1' },
        response_headers: { 'X-Secret': null, 'X-Put': 'it' },
      }),
      wish(local.port, { name: 'far', subdomain: 'far', allow: ['10.0.0.0/8'] }),
    );
    const asked = await visit(gateway, '/');
    assert.deepEqual([asked.status, asked.headers['www-authenticate']], [401, 'Basic realm="app", charset="UTF-8"']);
    const known = { headers: { Authorization: `Basic ${Buffer.from('ann:se:cret').toString('base64')}` } };
    const answer = await visit(gateway, '/', known);
    assert.deepEqual(JSON.parse(answer.body), ['app.example.test', '1', null]);
    assert.deepEqual([answer.headers['x-secret'], answer.headers['x-put']], [undefined, 'it']);
    assert.equal((await visit(gateway, '/', {}, 'far')).status, 403);
  });

  test('speaks over a WebSocket, with its subprotocol, its bounds and its close codes, or is refused', async (t) => {
    const gateway = await serveTunnels(t);
    const local = await localServer(t, (_request, response) => response.end());
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][1] ?? false });
    local.on('upgrade', (request, socket, head) => {
      if (request.url === '/no') {
        socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: no\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
        return;
      }
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('message', (bytes: Buffer, isBinary) => {
          if (bytes.toString() === 'bye') accepted.close(4002, 'because');
          else accepted.send(bytes, { binary: isBinary });
        });
        accepted.on('close', (code) => (closedWith = code));
      });
    });
    let closedWith = 0;
    const exposed = await Exposed.open(t, gateway, wish(local.port));
    const options = { headers: { Host: 'app.example.test' } };
    const url = gateway.url.replace(/^http/, 'ws');
    const visitor = new WebSocket(`${url}/`, ['one', 'two'], options);
    await once(visitor, 'open');
    assert.equal(visitor.protocol, 'two');
    const large = randomBytes(1_000_000);
    for (const message of ['héllo', large]) {
      visitor.send(message);
      const [bytes, isBinary] = (await once(visitor, 'message')) as [Buffer, boolean];
      assert.deepEqual([Buffer.from(message).equals(bytes), isBinary], [true, message === large]);
    }
    visitor.send('bye');
    assert.deepEqual((await once(visitor, 'close')).map(String), ['4002', 'because']);
    const second = new WebSocket(`${url}/`, options);
    await once(second, 'open');
    second.close(4001, 'mine');
    await exposed.until(() => exposed.requests.length === 2 && exposed.requests.every(({ status }) => status === 101));
    await once(second, 'close');
    assert.ok(closedWith === 4002 || closedWith === 4001);
    const refused = new WebSocket(`${url}/no`, options);
    refused.on('error', () => {});
    const [, response] = (await once(refused, 'unexpected-response')) as [http.ClientRequest, http.IncomingMessage];
    assert.deepEqual([response.statusCode, response.headers['x-why']], [401, 'no']);
    // Nobody else ends its connection.
    response.socket.on('error', () => {}).destroy();
    response.on('error', () => {});
  });
});

describe('a client of tunnels', () => {
  test('ends when its token, or its name, is refused for good', async (t) => {
    const gateway = await serveTunnels(t);
    const server = tunnelDoor(gateway);
    const wrong = new Exposed(t, { server, token: 'wrong', tunnels: [wish(1)] });
    await wrong.until(() => wrong.end !== null);
    assert.deepEqual([wrong.end?.kind, wrong.end?.code], ['refused', 'UNAUTHORIZED']);
    await Exposed.open(t, gateway, wish(1));
    const second = new Exposed(t, { server, token: 'the token of bob', tunnels: [wish(1)] });
    await second.until(() => second.end !== null);
    assert.deepEqual([second.end?.kind, second.end?.code], ['refused', 'SUBDOMAIN_UNAVAILABLE']);
    assert.deepEqual(second.losses, []);
  });

  test('comes back with the same name when its connection breaks', async (t) => {
    const gateway = await serveTunnels(t);
    const door = new URL(tunnelDoor(gateway));
    const held = new Set<net.Socket>();
    const relay = net.createServer((socket) => {
      const onward = net.connect(Number(door.port), door.hostname);
      held.add(socket);
      for (const each of [socket, onward]) each.on('error', () => {});
      socket.pipe(onward).pipe(socket);
    });
    t.after(() => {
      for (const socket of held) socket.destroy();
      relay.close();
    });
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const local = await localServer(t, (_request, response) => response.end('here'));
    const { port } = relay.address() as net.AddressInfo;
    const exposed = new Exposed(t, { server: `127.0.0.1:${port}`, tunnels: [wish(local.port, { subdomain: null })] });
    await exposed.until(() => exposed.opened !== null);
    const url = exposed.opened?.[0]?.url ?? '';
    for (const socket of held) socket.resetAndDestroy();
    await exposed.until(() => exposed.openings === 2);
    assert.equal(exposed.opened?.[0]?.url, url);
    assert.equal(exposed.losses.length, 1);
    assert.equal((await visit(gateway, '/', {}, new URL(url).hostname.split('.')[0])).body, 'here');
  });
});
