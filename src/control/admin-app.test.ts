import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRoute, z } from '@hono/zod-openapi';
import { AdminDesk, AUTHORIZED, refused, TOKEN } from '../../test/support/admin-desk.ts';
import type { ErrorAnswer } from './admin-answers.ts';

describe('the admin API lets in', () => {
  test('whoever has a token, by name', async () => {
    const desk = await AdminDesk.open();
    assert.equal((await desk.ask('/api/v1/status', { headers: AUTHORIZED })).status, 200);
    assert.equal((await desk.ask('/api/v1/status', { headers: { Authorization: `bearer  ${TOKEN}` } })).status, 200);
  });

  test('nobody else, whether there is something at the path or not', async () => {
    const desk = await AdminDesk.open();
    for (const path of ['/api/v1/status', '/api/v1/config', '/api/v1/openapi.json', '/nothing', '/api/v1/health/']) {
      const answer = await desk.ask(path);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="sluice"');
      assert.equal(await refused(answer), '401 unauthorized');
    }
    for (const authorization of ['', 'Bearer', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
      const answer = await desk.ask('/api/v1/status', { headers: { Authorization: authorization } });
      assert.equal(await refused(answer), '401 unauthorized');
    }
  });

  test('everybody to its health and to the page that says where things are', async () => {
    const desk = await AdminDesk.open();
    assert.deepEqual(await (await desk.ask('/api/v1/health')).json(), { status: 'ok' });
    assert.match(await (await desk.ask('/')).text(), /http:\/\/127\.0\.0\.1:8889\/api\/v1\/status/);
  });

  test('guessers ever more slowly, and never logs what they guess', async () => {
    const desk = await AdminDesk.open();
    for (let i = 0; i < 5; i++) await desk.ask('/api/v1/status', { headers: { Authorization: `Bearer guess-${i}` } });
    assert.deepEqual(desk.delays, [100, 200]);
    assert.equal(desk.logged.filter(({ message }) => message === 'admin token refused').length, 5);
    assert.doesNotMatch(JSON.stringify(desk.logged), /guess/);
    await desk.ask('/api/v1/status');
    assert.equal(desk.delays.length, 2, 'no token at all is no guess');
    assert.equal((await desk.ask('/api/v1/status', { headers: AUTHORIZED })).status, 200);
  });

  test('nobody from an address that floods it', async () => {
    const desk = await AdminDesk.open();
    desk.parts.limiter.isFlooding = () => true;
    const answer = await desk.ask('/api/v1/status', { headers: AUTHORIZED });
    assert.equal(answer.headers.get('retry-after'), '2');
    assert.equal(await refused(answer), '429 too_many_attempts');
  });
});

describe('the admin API refuses', () => {
  test('a Host that is not its own, before anything else', async () => {
    const desk = await AdminDesk.open();
    for (const path of ['/', '/api/v1/health', '/api/v1/status']) {
      const answer = await desk.ask(path, { headers: { ...AUTHORIZED, Host: 'evil.example' } });
      assert.equal(await refused(answer), '403 forbidden');
    }
  });

  test('a write that another site sends', async () => {
    const desk = await AdminDesk.open();
    const headers = { ...AUTHORIZED, Origin: 'http://evil.example' };
    assert.equal(await refused(await desk.ask('/api/v1/reload', { method: 'POST', headers })), '403 forbidden');
    assert.deepEqual(desk.reloads, []);
  });

  test('to share its answers with other sites', async () => {
    const headers = { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' };
    const answer = await (await AdminDesk.open()).ask('/api/v1/reload', { method: 'OPTIONS', headers });
    assert.equal(answer.status, 401);
    assert.deepEqual(
      [...answer.headers.keys()].filter((name) => name.startsWith('access-control-')),
      [],
    );
    assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });

  test('paths that are not there and methods that do not fit', async () => {
    const desk = await AdminDesk.open();
    assert.equal(await refused(await desk.ask('/nothing', { headers: AUTHORIZED })), '404 not_found');
    const answer = await desk.ask('/api/v1/reload', { method: 'PUT', headers: AUTHORIZED });
    assert.equal(answer.headers.get('allow'), 'POST');
    assert.equal(await refused(answer), '405 method_not_allowed');
  });

  test('bodies that are too large or of unknown length', async () => {
    const desk = await AdminDesk.open();
    for (const field of [{ 'Content-Length': '1048577' }, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await desk.ask('/api/v1/reload', { method: 'POST', headers: { ...AUTHORIZED, ...field } });
      assert.equal(await refused(answer), '413 request_body_too_large');
    }
    assert.deepEqual(desk.reloads, []);
  });

  test('bodies that are no JSON, or not the JSON that fits', async () => {
    const desk = await AdminDesk.open();
    const route = createRoute({
      method: 'post',
      path: '/api/v1/things',
      request: { body: { content: { 'application/json': { schema: z.object({ name: z.string() }) } } } },
      responses: { 200: { description: 'ok' } },
    });
    desk.app.openapi(route, (context) => context.json(context.req.valid('json')));
    const post = (body: string): Promise<Response> => {
      const headers = { ...AUTHORIZED, 'Content-Type': 'application/json' };
      return desk.ask('/api/v1/things', { method: 'POST', body, headers });
    };
    assert.equal((await post('{"name":"x"}')).status, 200);
    assert.equal(await refused(await post('{"name":')), '400 request_invalid');
    const answer = await post('{"name":1}');
    assert.match(((await answer.clone().json()) as ErrorAnswer).error.message, /^name: /);
    assert.equal(await refused(answer), '422 invalid_input');
  });

  test('to show what went wrong inside, which is in the log', async () => {
    const desk = await AdminDesk.open();
    desk.reloadFault = new Error('secret detail');
    const answer = await desk.ask('/api/v1/reload', { method: 'POST', headers: AUTHORIZED });
    assert.doesNotMatch(await answer.clone().text(), /secret detail/);
    assert.equal(await refused(answer), '500 internal');
    assert.ok(desk.logged.some(({ fields }) => fields['err'] === desk.reloadFault));
  });
});

test('the admin API describes every resource in its OpenAPI document', async () => {
  const answer = await (await AdminDesk.open()).ask('/api/v1/openapi.json', { headers: AUTHORIZED });
  const document = (await answer.json()) as { openapi: string; paths: object; components: { schemas: object } };
  assert.equal(document.openapi, '3.1.0');
  const own = Object.keys(document.paths).filter((path) => path.startsWith('/api/'));
  assert.deepEqual(own.sort(), [
    '/api/v1/agents',
    '/api/v1/agents/{id}',
    '/api/v1/agents/{id}/events',
    '/api/v1/agents/{id}/stop',
    '/api/v1/ai/accounts',
    '/api/v1/ai/limits',
    '/api/v1/ai/usage',
    '/api/v1/backends',
    '/api/v1/backends/{id}',
    '/api/v1/backends/{id}/test',
    '/api/v1/cache',
    '/api/v1/cache/stats',
    '/api/v1/config',
    '/api/v1/connections',
    '/api/v1/events',
    '/api/v1/explain',
    '/api/v1/health',
    '/api/v1/limits',
    '/api/v1/overview',
    '/api/v1/proxies',
    '/api/v1/proxies/{id}',
    '/api/v1/proxies/{id}/test',
    '/api/v1/reload',
    '/api/v1/requests',
    '/api/v1/requests/{id}',
    '/api/v1/requests/{id}/replay',
    '/api/v1/requests/{id}/request-body',
    '/api/v1/requests/{id}/response-body',
    '/api/v1/routes',
    '/api/v1/session',
    '/api/v1/stats',
    '/api/v1/status',
    '/api/v1/tokens',
    '/api/v1/tokens/{id}',
    '/api/v1/tunnels',
    '/api/v1/tunnels/accounts',
    '/api/v1/tunnels/accounts/{id}',
    '/api/v1/tunnels/accounts/{id}/token',
    '/api/v1/tunnels/exposed',
    '/api/v1/tunnels/invitations',
    '/api/v1/tunnels/invitations/{id}',
    '/api/v1/tunnels/requests',
    '/api/v1/tunnels/requests/forget',
    '/api/v1/tunnels/requests/{id}',
    '/api/v1/tunnels/requests/{id}/replay',
    '/api/v1/tunnels/{name}',
  ]);
  assert.ok('Error' in document.components.schemas);
});
