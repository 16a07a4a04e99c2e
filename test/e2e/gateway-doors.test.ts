// Several listening addresses of the gateway, each with what is its own, asked over the network.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { reflectingOrigin } from '../support/origins.ts';

const PUBLIC = '127.0.0.1:0';
const INTERNAL = 'localhost:0';
const deny = { acl: { deny: ['127.0.0.0/8', '::1'] } };

/** The URLs of the addresses, in their order. */
function urls(gateway: Gateway): string[] {
  return gateway.plane.doors().map(({ address }) => address);
}

async function open(t: TestContext, settings: GatewaySettings): Promise<[Gateway, ...string[]]> {
  const gateway = await Gateway.open(t, settings);
  return [gateway, ...urls(gateway)];
}

describe('an address', () => {
  test('has policies of its own, which stand between those of the gateway and those of a route', async (t) => {
    const to = await reflectingOrigin(t);
    const listen = [{ address: PUBLIC, policies: deny }, { address: INTERNAL }];
    const routes = [{ match: { path: '/open' }, to, policies: { acl: false } }];
    const [, guarded = '', open_ = ''] = await open(t, { gateway: { listen, routes, default_backend: to } });
    const statuses = async (url: string): Promise<number[]> =>
      Promise.all(['/', '/open', '/health'].map(async (path) => (await ask(url + path)).status));
    assert.deepEqual(await statuses(guarded), [403, 200, 200]);
    assert.deepEqual(await statuses(open_), [200, 200, 200]);
  });

  test('may open what the gateway closes', async (t) => {
    const to = await reflectingOrigin(t);
    const listen = [PUBLIC, { address: INTERNAL, policies: { acl: false } }];
    const [, closed = '', opened = ''] = await open(t, { gateway: { listen, policies: deny, default_backend: to } });
    assert.deepEqual([(await ask(closed)).status, (await ask(opened)).status], [403, 200]);
  });

  test('has routes that are there for it alone', async (t) => {
    const listen = [PUBLIC, { address: INTERNAL, name: 'internal' }];
    const routes = [
      { match: { path: '/*', door: 'internal' }, to: { respond: { body: 'inside' } } },
      { match: { path: '/*' }, to: { respond: { body: 'outside' } } },
      { match: { path: '/metrics', door: ['internal'] }, to: { respond: { body: 'figures' } } },
    ];
    const [, outside = '', inside = ''] = await open(t, { gateway: { listen, routes } });
    assert.equal((await ask(`${outside}/metrics`)).body, 'outside');
    assert.equal((await ask(`${inside}/metrics`)).body, 'figures');
    assert.equal((await ask(`${inside}/`)).body, 'inside');
  });

  test('keeps its ways for connections that were open before a reload, and serves nothing when it is gone', async (t) => {
    const to = { respond: { body: 'inside' } };
    const listen = [PUBLIC, { address: INTERNAL, name: 'internal' }];
    const routes = [{ match: { door: 'internal' }, to }];
    const [gateway, , inside = ''] = await open(t, { gateway: { listen, routes } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const again = async (): Promise<string> => {
      const [response] = (await once(http.get(inside, { agent }), 'response')) as [http.IncomingMessage];
      const { localPort } = response.socket;
      response.resume();
      await once(response, 'end');
      return `${response.statusCode} ${localPort}`;
    };
    const first = await again();
    await gateway.apply({ gateway: { listen: [{ ...Object(listen[1]) }], routes } });
    assert.equal(await again(), first);
    await gateway.apply({ gateway: { listen: [{ address: PUBLIC, name: 'internal' }], routes } });
    assert.equal(await again(), first.replace('200', '404'));
  });
});

describe('an address that sends its clients to TLS', () => {
  const settings = {
    gateway: {
      listen: [{ address: PUBLIC, name: 'plain', redirect_https: 8443, policies: deny }],
      routes: [
        {
          match: { door: 'plain', path: '/.well-known/acme-challenge/*' },
          to: { respond: { body: 'token' } },
          policies: { acl: false },
        },
        { match: { path: '/app' }, to: { respond: { body: 'app' } } },
      ],
      default_backend: 'http://127.0.0.1:9',
    },
  };

  test('keeps host, path, query and method, and asks for nothing before', async (t) => {
    const [, url = ''] = await open(t, settings);
    const { status, headers } = await ask(`${url}/app/a%20b?c=d`, {
      method: 'POST',
      body: 'x',
      headers: { host: 'a.test:80' },
    });
    assert.deepEqual([status, headers.location], [308, 'https://a.test:8443/app/a%20b?c=d']);
  });

  test('still answers for its health, and on routes that name it', async (t) => {
    const [, url = ''] = await open(t, settings);
    assert.equal((await ask(`${url}/health/liveness`)).status, 200);
    assert.equal((await ask(`${url}/.well-known/acme-challenge/x`)).body, 'token');
  });
});
