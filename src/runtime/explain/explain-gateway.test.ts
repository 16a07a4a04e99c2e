import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { askedUrl } from './asked-request.ts';
import { explainGateway, type GatewayExplanation, isHostOfRoute } from './explain-gateway.ts';
import type { Scene } from './scene.ts';

const config = documentSchema.parse({
  gateway: {
    routes: [
      { name: 'api', match: { host: 'api.test', path: '/v1/*' }, to: 'http://127.0.0.1:9001' },
      { match: { host: '*.test', method: 'POST' }, to: { backends: ['http://a:1', 'http://b:2'] } },
      { match: { path: ['/old', '/older'] }, to: { redirect: '/new' } },
      { match: { path: '/ping', header: { 'X-Kind': 'a' } }, to: { respond: { status: 204 } } },
    ],
    default_backend: 'http://127.0.0.1:9000',
  },
});
const origins = new Map([['gateway.routes[0].name', 'sluice.yaml:4']]);
const lists = new DomainShelf();
const scene: Scene = { config, origins, members: new MemberTable({ capacity: 8 }), lists, doors: new OwnDoors([]) };

function explained(url: string, method = 'GET', fields: [string, string][] = []): Promise<GatewayExplanation> {
  const question = { door: 'gateway', method, url, fields, from: '192.0.2.7', user: null };
  return explainGateway(askedUrl(question), question, { ...scene, localPort: 8080, listen: null });
}

describe('the route of a request', () => {
  test('is named with its place and conditions, and the others with what they are not for', async () => {
    const { choice, result, request } = await explained('http://api.test/v1/users');
    assert.deepEqual(choice, {
      kind: 'route',
      name: 'gateway.routes[0] "api"',
      place: 'sluice.yaml:4',
      why: 'host api.test; path /v1/*',
      others: [
        'gateway.routes[1]: another method',
        'gateway.routes[2]: another path',
        'gateway.routes[3]: another path, another header',
      ],
    });
    assert.deepEqual([result.kind, result.text], ['backend', 'http://127.0.0.1:9001']);
    assert.equal(request, 'GET /v1/users for api.test');
  });

  test('may be one that fits less exactly than another', async () => {
    const { choice } = await explained('http://api.test/v1/users', 'POST');
    assert.equal(choice?.name, 'gateway.routes[0] "api"');
    assert.equal(choice?.others[0], 'gateway.routes[1]: fits less exactly');
  });

  for (const [url, method, fields, name, text] of [
    ['http://x.test/', 'POST', [], 'gateway.routes[1]', 'http://a:1, of 2 backends (round_robin)'],
    ['http://any/older', 'GET', [], 'gateway.routes[2]', 'a redirect to /new'],
    ['http://any/ping', 'GET', [['X-Kind', 'a']], 'gateway.routes[3]', 'a fixed answer'],
    ['http://any/health', 'GET', [], 'gateway.own_paths', 'the health of the gateway'],
    ['http://any/else', 'GET', [], 'gateway.default_backend', 'http://127.0.0.1:9000'],
  ] as const) {
    test(`of ${method} ${url} is ${name}`, async () => {
      const { choice, result } = await explained(
        url,
        method,
        fields.map(([a, b]) => [a, b]),
      );
      assert.deepEqual([choice?.name, result.text], [name, text]);
    });
  }

  test('is none for what no door would read', async () => {
    const { choice, result } = await explained('http://a.test/', 'GET', [['Content-Length', 'x']]);
    assert.deepEqual([choice, result.kind, result.status], [null, 'refused', 400]);
  });
});

describe('the policies of a request', () => {
  const said = { acl: { deny: ['192.0.2.7'] } };
  const routes = [
    { match: { path: '/open' }, to: 'http://a:1', policies: { acl: false } },
    { name: 'default', match: { path: '/named' }, to: 'http://a:1', policies: { acl: { allow: ['192.0.2.0/24'] } } },
  ];
  const guarded = documentSchema.parse({ gateway: { routes, policies: said, default_backend: 'http://b:1' } });

  for (const [path, steps, outcome] of [
    ['/open', [], 'backend'],
    ['/named', ['acl: passes'], 'backend'],
    ['/else', ['acl: refuses with 403 forbidden'], 'refused'],
    ['/health', [], 'answered'],
  ] as const) {
    test(`for ${path} are those of the nearest place, and may be its end`, async () => {
      const question = {
        door: 'gateway',
        method: 'GET',
        url: `http://any${path}`,
        fields: [],
        from: '192.0.2.7',
        user: null,
      };
      const place = { ...scene, config: guarded, localPort: 8080, listen: null };
      const { policies, result } = await explainGateway(askedUrl(question), question, place);
      assert.deepEqual(
        policies.map(({ name, does }) => `${name}: ${does}`),
        steps,
      );
      assert.equal(result.kind, outcome);
    });
  }
});

test('the user of a question is taken for proved, and may be refused all the same', async () => {
  const users = [
    { name: 'alice', token: 'a-token', may: ['gateway'] },
    { name: 'bob', token: 'b-token', may: [] },
  ];
  const asks = documentSchema.parse({ users, policies: { auth: 'users' }, gateway: { default_backend: 'http://b:1' } });
  const place = { ...scene, config: asks, localPort: 8080, listen: null };
  for (const [user, step, outcome] of [
    ['alice', 'passes: user alice, takes out authorization', 'backend'],
    ['bob', 'refuses with 403 forbidden', 'refused'],
    ['eve', 'refuses with 401 unauthorized', 'refused'],
    [null, 'refuses with 401 unauthorized', 'refused'],
  ] as const) {
    const fields = [['Authorization', 'Bearer x']] as const;
    const question = { door: 'gateway', method: 'GET', url: 'http://any/', fields, from: '192.0.2.7', user };
    const { policies, result } = await explainGateway(askedUrl(question), question, place);
    assert.deepEqual(policies, [{ name: 'auth', does: step }], String(user));
    assert.equal(result.kind, outcome);
  }
});

test('what becomes of the answer is told where a policy knows it', async () => {
  const compress = { encodings: ['br'], min_size: '2KiB' };
  const config = documentSchema.parse({ policies: { compress }, gateway: { default_backend: 'http://b:1' } });
  const place = { ...scene, config, localPort: 8080, listen: null };
  for (const [accepts, does] of [
    ['gzip, br', 'compresses the answer with br if its type is listed and it is not shorter than 2048 bytes'],
    ['gzip', 'leaves the answer as it is: the client accepts none of br'],
  ] as const) {
    const fields = [['Accept-Encoding', accepts]] as const;
    const question = { door: 'gateway', method: 'GET', url: 'http://any/', fields, from: '192.0.2.7', user: null };
    const { policies } = await explainGateway(askedUrl(question), question, place);
    assert.deepEqual(policies, [{ name: 'compress', does }]);
  }
});

test('what is scanned of a request, and what is refused for it, is told', async () => {
  const scan = { clamd: 'unix:/run/clamav/clamd.ctl', max_size: '1KiB' };
  const config = documentSchema.parse({ policies: { scan }, gateway: { default_backend: 'http://b:1' } });
  const rule = 'what cannot be scanned is refused';
  for (const [method, fields, does] of [
    ['GET', [['Range', 'bytes=0-9']], `passes: takes out range; has the answer scanned; ${rule}`],
    ['POST', [['Content-Length', '5']], `has the request and the answer scanned; ${rule}`],
    ['POST', [['Content-Length', '5000']], 'refuses with 413 request_body_too_large'],
  ] as const) {
    const question = { door: 'gateway', method, url: 'http://any/', fields, from: '192.0.2.7', user: null };
    const place = { ...scene, config, localPort: 8080, listen: null };
    const { policies } = await explainGateway(askedUrl(question), question, place);
    assert.deepEqual(policies, [{ name: 'scan', does }]);
  }
});

test('a host is that of a route when one names it', () => {
  const isOne = (url: string): boolean => isHostOfRoute(askedUrl({ method: 'GET', url }), scene);
  assert.deepEqual(['http://api.test', 'http://x.test', 'http://any'].map(isOne), [true, true, false]);
});

describe('the address that a request comes in by', () => {
  const several = documentSchema.parse({
    gateway: {
      listen: [
        { address: ':80', redirect_https: 8443 },
        { address: ':81', name: 'internal', policies: { acl: { allow: ['192.0.2.7'] } } },
      ],
      policies: { acl: { deny: ['192.0.2.7'] } },
      routes: [{ match: { path: '/', door: 'internal' }, to: 'http://a:1' }],
    },
  });

  async function at(index: number): Promise<GatewayExplanation> {
    const url = 'http://any/';
    const question = { door: 'gateway', method: 'GET', url, fields: [], from: '192.0.2.7', user: null };
    const listen = several.gateway.listen[index]!;
    return explainGateway(askedUrl(question), question, { ...scene, config: several, localPort: 80, listen });
  }

  test('decides which routes and policies there are', async () => {
    const { choice, policies, result } = await at(1);
    assert.equal(choice?.name, 'gateway.routes[0]');
    assert.deepEqual(policies, [{ name: 'acl', does: 'passes' }]);
    assert.equal(result.text, 'http://a:1');
  });

  test('may send its clients to TLS', async () => {
    const { choice, policies, result } = await at(0);
    assert.equal(choice?.name, 'gateway.listen[0].redirect_https');
    assert.deepEqual(choice?.others, ['gateway.routes[0]: another door']);
    assert.deepEqual([policies, result.text], [[], 'a redirect to https://any:8443/']);
  });
});

describe('a tunnel', () => {
  async function led(url: string, enabled: boolean): Promise<(string | null | undefined)[]> {
    const routes = [{ match: { host: 'own.test' }, to: { tunnel: 'app' } }];
    const server = { enabled, domain: 'tunnels.test' };
    const led = documentSchema.parse({ gateway: { routes }, tunnels: { server } });
    const question = { door: 'gateway', method: 'GET', url, fields: [], from: '192.0.2.7', user: null };
    const there = { ...scene, config: led, localPort: 8080, listen: null };
    const { choice, result } = await explainGateway(askedUrl(question), question, there);
    return [choice?.name, result.kind, result.code ?? result.text];
  }

  test('is named by the host of the request, or by a route', async () => {
    const byHost = ['tunnels.server.domain', 'backend', 'the tunnel app'];
    assert.deepEqual(await led('http://app.tunnels.test/', true), byHost);
    assert.deepEqual(await led('http://own.test/', true), ['gateway.routes[0]', 'backend', 'the tunnel app']);
    assert.deepEqual(await led('http://own.test/', false), ['gateway.routes[0]', 'refused', 'tunnel_unknown']);
    const tunnels = documentSchema.parse({ tunnels: { server: { enabled: true, domain: 'tunnels.test' } } });
    const asked = askedUrl({ method: 'GET', url: 'http://a.tunnels.test/' });
    assert.equal(isHostOfRoute(asked, { ...scene, config: tunnels }), true);
  });

  test('may have a page before it, for browsers', async () => {
    const server = { enabled: true, domain: 'tunnels.test', interstitial: true };
    const there = { ...scene, config: documentSchema.parse({ tunnels: { server } }), localPort: 8080, listen: null };
    const told = async (fields: [string, string][]): Promise<string[]> => {
      const asked = {
        door: 'gateway',
        method: 'GET',
        url: 'http://app.tunnels.test/',
        fields,
        from: '192.0.2.7',
        user: null,
      };
      const { policies, result } = await explainGateway(askedUrl(asked), asked, there);
      return [...policies.map(({ name, does }) => `${name} ${does}`), result.kind];
    };
    const page = 'tunnel-interstitial answers 200: the first visit of a browser';
    assert.deepEqual(await told([['Sec-Fetch-Mode', 'navigate']]), [page, 'answered']);
    const program = 'tunnel-interstitial passes: no browser that goes to a page';
    assert.deepEqual(await told([]), [program, 'backend']);
  });
});
