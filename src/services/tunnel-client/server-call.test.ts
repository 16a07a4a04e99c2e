import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from 'node:stream/consumers';
import { ScriptedServer, wayTo } from '../../../test/support/scripted-server.ts';
import { callServer } from './server-call.ts';

test('a call says JSON and hears JSON', async (t) => {
  const { port } = await ScriptedServer.open(t, (request, response) => {
    response.writeHead(429, { 'Retry-After': '7' });
    void json(request).then((said) => response.end(JSON.stringify({ url: request.url, said })));
  });
  assert.deepEqual(await callServer(wayTo(port), '/api', { a: 1 }), {
    status: 429,
    retryAfter: '7',
    body: { url: '/api', said: { a: 1 } },
  });
});

test('an answer that is no object is an empty one, and no answer is an error', async (t) => {
  const { port } = await ScriptedServer.open(t, ({ url, socket }, response) => {
    if (url === '/cut') socket.destroy();
    else response.end(url === '/list' ? '[1]' : 'hello');
  });
  for (const path of ['/list', '/text']) assert.deepEqual((await callServer(wayTo(port), path, {})).body, {});
  await assert.rejects(callServer(wayTo(port), '/cut', {}), { code: 'tunnel_unreachable' });
  await assert.rejects(callServer(wayTo(1), '/', {}), { code: 'tunnel_unreachable' });
});
