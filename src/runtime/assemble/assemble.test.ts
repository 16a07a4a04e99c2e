import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answered, ask } from '../../../test/support/ask.ts';
import { configOf, Gateway } from '../../../test/support/gateway.ts';
import { http1Origin, reflectingOrigin } from '../../../test/support/origins.ts';
import { engineTimeouts } from './assemble-bounds.ts';

const answering = (body: string): object => ({ respond: { body } });

/** The code of an error, after having checked its status. */
function failedWith({ status, body }: Answered, wanted: number): string {
  assert.equal(status, wanted, body);
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

describe('where requests go', () => {
  test('an explicit route goes before our own path, and that before the default backend', async (t) => {
    const backend = await http1Origin(t, (_request, response) => response.end('backend'));
    const gateway = await Gateway.open(t, {
      gateway: {
        default_backend: backend,
        routes: [{ match: { path: '/health/liveness' }, to: answering('route') }],
      },
    });
    assert.equal((await ask(`${gateway.url}/health/liveness`)).body, 'route');
    assert.match((await ask(`${gateway.url}/health`)).body, /"status":"ok"/);
    assert.equal((await ask(`${gateway.url}/healthy`)).body, 'backend');
  });

  test('without own paths the default backend gets them too', async (t) => {
    const backend = await http1Origin(t, (_request, response) => response.end('backend'));
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend, own_paths: false } });
    assert.equal((await ask(`${gateway.url}/health`)).body, 'backend');
  });

  test('without a default backend what no route takes is not found', async (t) => {
    const gateway = await Gateway.open(t, {});
    assert.equal(failedWith(await ask(`${gateway.url}/other`), 404), 'route_not_found');
  });

  test('a route with several paths is one route, which bears its name or its number', async (t) => {
    const gateway = await Gateway.open(t, {
      gateway: {
        routes: [
          { match: { path: ['/a', '/b/*'] }, to: answering('first') },
          { name: 'api', match: { path: '/c' }, to: answering('second') },
        ],
      },
    });
    for (const [path, body] of [
      ['/a', 'first'],
      ['/b/deep', 'first'],
      ['/c', 'second'],
    ] as const)
      assert.equal((await ask(gateway.url + path)).body, body, path);
    assert.equal(gateway.metric('sluice_http_requests_total', { route: '1' }), 2);
    assert.equal(gateway.metric('sluice_http_requests_total', { route: 'api' }), 1);
  });

  test('everything that a match names must fit', async (t) => {
    const match = {
      host: 'a.test',
      path: '/x',
      method: 'post',
      header: { 'X-Stage': 'beta' },
      query: { version: '2' },
    };
    const gateway = await Gateway.open(t, { gateway: { routes: [{ match, to: answering('matched') }] } });
    const fits = { method: 'POST', headers: { host: 'A.test', 'x-stage': 'beta' } };
    assert.equal((await ask(`${gateway.url}/x?version=2`, fits)).body, 'matched');
    for (const [path, asked] of [
      ['/x?version=3', fits],
      ['/y?version=2', fits],
      ['/x?version=2', { ...fits, method: 'PUT' }],
      ['/x?version=2', { ...fits, headers: { ...fits.headers, host: 'b.test' } }],
      ['/x?version=2', { ...fits, headers: { ...fits.headers, 'x-stage': 'alpha' } }],
    ] as const)
      assert.equal((await ask(gateway.url + path, asked)).status, 404, path);
  });
});

describe('the limits of the configuration', () => {
  const limits = { url: '100B', headers: '400B', header_count: 6, body: '10B' };

  test('hold for requests', async (t) => {
    const gateway = await Gateway.open(t, { limits, gateway: { default_backend: await reflectingOrigin(t) } });
    const post = (body: string): Promise<Answered> => ask(gateway.url, { method: 'POST', body });
    assert.equal((await post('0123456789')).status, 200);
    assert.equal(failedWith(await post('0123456789x'), 413), 'request_body_too_large');
    assert.equal(failedWith(await ask(`${gateway.url}/${'x'.repeat(200)}`), 414), 'request_target_too_long');
    const large = { 'x-large': 'x'.repeat(500) };
    assert.equal(failedWith(await ask(gateway.url, { headers: large }), 431), 'request_head_too_large');
    const many = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`x-${index}`, '']));
    assert.equal(failedWith(await ask(gateway.url, { headers: many }), 431), 'request_head_too_large');
  });

  test('do not hold for answers, which come from servers that were chosen', async (t) => {
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x-${index}`, 'x'.repeat(100)]));
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, fields).end('x'.repeat(1_000));
    });
    const gateway = await Gateway.open(t, { limits, gateway: { default_backend: backend } });
    const { status, headers, body } = await ask(gateway.url);
    assert.deepEqual([status, headers['x-49']?.length, body.length], [200, 100, 1_000]);
  });
});

test('the timeouts of the configuration are those of the engine', () => {
  const timeouts = { headers: '1s', read: '2s', write: '3s', idle: '4s', tunnel_idle: '5s' };
  const { headersMs, readMs, writeMs, idleMs, tunnelIdleMs } = engineTimeouts(configOf({ timeouts }));
  assert.deepEqual([headersMs, readMs, writeMs, idleMs, tunnelIdleMs], [1_000, 2_000, 3_000, 4_000, 5_000]);
});
