// One request to a collector.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CollectorClient, type ExportOutcome } from './collector-client.ts';

async function sendTo(t: TestContext, answer: (response: http.ServerResponse) => void): Promise<ExportOutcome> {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const client = new CollectorClient({ endpoint, headers: {}, timeoutMs: 5_000, compression: 'none', ca: null });
  t.after(() => client.close());
  return client.send('{}');
}

test('a collector says when it wants to be asked again, in seconds or by a date', async (t) => {
  const seconds = await sendTo(t, (response) => response.writeHead(503, { 'Retry-After': '7' }).end());
  assert.deepEqual(seconds, { kind: 'later', reason: 'the collector answered 503', retryAfterMs: 7_000 });
  const past = await sendTo(t, (response) => {
    response.writeHead(429, { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' }).end();
  });
  assert.equal(past.kind === 'later' && past.retryAfterMs, 0);
  const unsaid = await sendTo(t, (response) => response.writeHead(502, { 'Retry-After': 'soon' }).end());
  assert.equal(unsaid.kind === 'later' && unsaid.retryAfterMs, -1);
});

test('a redirect is not followed, and an answer that is no JSON is taken for consent', async (t) => {
  const moved = await sendTo(t, (response) => response.writeHead(307, { Location: 'http://b.test/' }).end());
  assert.equal(moved.kind, 'refused');
  assert.deepEqual(await sendTo(t, (response) => response.end('fine')), { kind: 'taken', rejected: 0, message: '' });
});

test('certificates that are not there are an error at once', () => {
  const settings = { endpoint: 'https://c/', headers: {}, timeoutMs: 1, compression: 'none', ca: '/nowhere' } as const;
  assert.throws(() => new CollectorClient(settings), /ENOENT/);
});
