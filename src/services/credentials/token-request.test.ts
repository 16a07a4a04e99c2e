import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http1Origin, rawOrigin, readAll } from '../../../test/support/origins.ts';
import { endpointAt } from '../../../test/support/token-endpoint.ts';
import { requestToken } from './token-request.ts';

test('a question is posted as JSON, and the answer read', async (t) => {
  const seen: unknown[] = [];
  const url = await http1Origin(t, (request, response) => {
    void readAll(request).then((body) => {
      const { method, url: target, headers } = request;
      seen.push([method, target, headers.host, headers['content-type'], body]);
      response.setHeader('Retry-After', '7');
      response.end('{"access_token":"a"}');
    });
  });
  const answer = await requestToken(endpointAt(`${url}/oauth/token`), { refresh_token: 'ü' });
  assert.deepEqual(answer, { status: 200, body: { access_token: 'a' }, retryAfterMs: 7_000 });
  assert.deepEqual(seen, [['POST', '/oauth/token', new URL(url).host, 'application/json', '{"refresh_token":"ü"}']]);
});

test('an answer may begin with an interim one and end with its connection', async (t) => {
  const url = await rawOrigin(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 400 No\r\n\r\n{"error":"x"}'));
  });
  const answer = await requestToken(endpointAt(url), {});
  assert.deepEqual(answer, { status: 400, body: { error: 'x' }, retryAfterMs: null });
});

test('what goes wrong on the way is named by its code', async (t) => {
  const broken = await rawOrigin(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a'));
  });
  await assert.rejects(requestToken(endpointAt(broken), {}), { code: 'upstream_incomplete' });
  const other = await rawOrigin(t, (socket) => {
    socket.once('data', () => socket.end('SSH-2.0-x\r\n\r\n'));
  });
  await assert.rejects(requestToken(endpointAt(other), {}), { code: 'upstream_invalid' });
  const silent = await rawOrigin(t, () => {});
  await assert.rejects(requestToken(endpointAt(silent, 20), {}), { code: 'upstream_timeout' });
  await assert.rejects(requestToken(endpointAt('http://127.0.0.1:1/'), {}), { code: 'upstream_unreachable' });
});
