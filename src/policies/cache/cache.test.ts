import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { Caching, FRESH } from '../../../test/support/caching.ts';

async function leavingClient(port: number, path: string): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

test('a fetch that others wait for is finished though its client has gone', async (t) => {
  const release = Promise.withResolvers<void>();
  const caching = await Caching.open(t, (_request, response) => {
    response.writeHead(200, { 'Cache-Control': FRESH });
    response.write('begin ');
    void release.promise.then(() => response.end('end'));
  });
  const { gateway } = caching;
  const client = await leavingClient(gateway.port, '/x');
  const other = caching.told('/x');
  await gateway.until(() => gateway.metric('sluice_cache_requests_total', { result: 'coalesced' }) === 1, 'the other');
  client.resetAndDestroy();
  await gateway.until(() => gateway.metric('sluice_connections_open') === 1, 'that it is gone');
  release.resolve();
  assert.equal(await other, '200 begin end | hit; collapsed');
  assert.equal(await caching.told('/x'), '200 begin end | hit');
  assert.equal(caching.asked.length, 1);
});

test('a fetch that nobody waits for ends with its client when nobody knows how long it is', async (t) => {
  const cut = Promise.withResolvers<void>();
  const caching = await Caching.open(t, (_request, response) => {
    response.writeHead(200, { 'Cache-Control': FRESH });
    response.write('begin ');
    response.on('close', () => cut.resolve());
  });
  const client = await leavingClient(caching.gateway.port, '/x');
  client.resetAndDestroy();
  await cut.promise;
  assert.equal(caching.gateway.caches.at('')?.stats.entries, 0);
});

test('a fetch of which little is missing is finished for whoever comes next', async (t) => {
  const release = Promise.withResolvers<void>();
  const caching = await Caching.open(t, (_request, response) => {
    response.writeHead(200, { 'Cache-Control': FRESH, 'Content-Length': 9 });
    response.write('begin ');
    void release.promise.then(() => response.end('end'));
  });
  const { gateway } = caching;
  const client = await leavingClient(gateway.port, '/x');
  client.resetAndDestroy();
  await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
  release.resolve();
  await gateway.until(() => gateway.caches.at('')?.stats.entries === 1, 'the whole answer');
  assert.equal(await caching.told('/x'), '200 begin end | hit');
});

test('a reader that waits and goes away leaves nothing behind', async (t) => {
  const held: (() => void)[] = [];
  const caching = await Caching.open(t, (_request, response) => {
    held.push(() => response.writeHead(200, { 'Cache-Control': FRESH }).end('late'));
  });
  const { gateway } = caching;
  const first = caching.told('/x');
  await gateway.until(() => held.length === 1, 'the fetch');
  const waiting = net.connect(gateway.port, '127.0.0.1');
  waiting.on('error', () => {});
  waiting.write(`GET /x HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
  await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 2, 'the one that waits');
  waiting.resetAndDestroy();
  await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 1, 'that it is gone');
  held[0]?.();
  assert.equal(await first, '200 late | fwd=uri-miss; fwd-status=200; stored');
});
