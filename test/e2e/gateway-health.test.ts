// The health of the gateway, as load balancers and orchestrators ask for it at its own door.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../support/ask.ts';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';

const PATHS = ['/health', '/health/liveness', '/health/readiness', '/health/startup'];

describe('the paths of health', () => {
  test('stand before the default backend, and leave it what is not theirs', async (t) => {
    const backend = await http1Origin(t, (request, response) => response.end(`${request.method} ${request.url}`));
    const { url } = await gatewayTo(t, backend);
    for (const path of PATHS) {
      const { status, body } = await ask(url + path);
      assert.equal(status, 200, path);
      assert.equal((JSON.parse(body) as { status: string }).status, 'ok');
      const { status: head, body: none, headers } = await ask(url + path, { method: 'HEAD' });
      assert.deepEqual([head, none, headers['content-type']], [200, '', 'application/json']);
      assert.ok(Number(headers['content-length']) > 0);
    }
    assert.equal((await ask(`${url}/health/`)).body, 'GET /health/');
    assert.equal((await ask(`${url}/healthz`)).body, 'GET /healthz');
    assert.equal((await ask(`${url}/health`, { method: 'POST' })).body, 'POST /health');
  });

  test('give way to explicit routes, and are gone when nobody wants them', async (t) => {
    const mine = { match: { path: '/health' }, to: { respond: { body: 'mine' } } };
    const { url } = await Gateway.open(t, { gateway: { routes: [mine] } });
    assert.equal((await ask(`${url}/health`)).body, 'mine');
    assert.equal((await ask(`${url}/health/liveness`)).status, 200);
    const without = await Gateway.open(t, { gateway: { own_paths: false } });
    for (const path of PATHS) assert.equal((await ask(without.url + path)).status, 404, path);
  });

  test('ask nobody who they are, and count nothing', async (t) => {
    const users = [{ name: 'alice', token: 'a-token-of-alice', may: ['gateway'] }];
    const policies = { auth: 'users', rate_limit: { rate: '1/h', burst: 1 }, acl: { deny: ['127.0.0.0/8'] } };
    const { url } = await Gateway.open(t, { users, gateway: { policies } });
    for (const path of [...PATHS, ...PATHS]) assert.equal((await ask(url + path)).status, 200, path);
    assert.equal((await ask(`${url}/`)).status, 403);
  });
});
