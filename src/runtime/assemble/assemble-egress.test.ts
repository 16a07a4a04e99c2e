import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import { freePorts } from '../../../test/support/free-ports.ts';
import { configOf, Gateway, type GatewaySettings } from '../../../test/support/gateway.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { destinationRules } from './assemble-egress.ts';

const CONNECT = 'CONNECT a.test:443 HTTP/1.1';
const USERS = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['egress'] }];

/** Three exits in one group, the first one in France, that open every tunnel. */
async function exits(t: TestContext): Promise<GatewaySettings> {
  const made = await Promise.all([1, 2, 3].map(() => fakeProxy(t, httpAnswers('HTTP/1.1 200 OK\r\n\r\n'))));
  const proxies = made.map(({ port }, index) => ({
    id: `e${index}`,
    url: `http://127.0.0.1:${port}`,
    tags: { country: index === 0 ? 'fr' : 'de' },
  }));
  return { hops: { exits: { proxies } }, egress: { chain: ['exits'] } };
}

async function open(t: TestContext, egress: object, more: GatewaySettings = {}): Promise<Gateway> {
  const settings = await exits(t);
  return Gateway.open(t, { ...settings, ...more, egress: { ...settings.egress, ...egress } });
}

/** The head of the answer to a request with these fields, on a connection of its own. */
async function headOf(t: TestContext, port: number, ...fields: readonly string[]): Promise<string> {
  const client = await RawClient.connect(t, port);
  client.send([CONNECT, 'Host: a.test:443', ...fields, '', ''].join('\r\n'));
  await client.untilText(/\r\n\r\n/);
  return client.text;
}

async function exitsOf(t: TestContext, port: number, count: number, ...fields: readonly string[]): Promise<string[]> {
  const served: string[] = [];
  for (let i = 0; i < count; i++) {
    served.push(/^X-Sluice-Exit: exits\/(\S+)/m.exec(await headOf(t, port, ...fields))?.[1] ?? '');
  }
  return served;
}

function basic(login: string): string {
  return `Proxy-Authorization: Basic ${btoa(login)}`;
}

describe('sessions of the forward proxy', () => {
  test('are named by the field of the configuration, and by the user name as it has it', async (t) => {
    const gateway = await open(t, { sticky: { header: 'X-Own-Session', username: 'sid-{id}' } });
    for (const field of ['X-Own-Session: one', basic('jo-sid-two:')]) {
      assert.equal(new Set(await exitsOf(t, gateway.proxyPort, 4, field)).size, 1, field);
    }
    for (const field of ['X-Proxy-Sticky-Session: one', basic('jo-session-two:')]) {
      assert.equal(new Set(await exitsOf(t, gateway.proxyPort, 4, field)).size, 3, field);
    }
  });

  test('may be those of ports, and ports may stand for tags', async (t) => {
    const [plain, shop, french] = await freePorts(3);
    const listeners = { [String(shop)]: 'shop', [String(french)]: { tags: { country: 'fr' } } };
    const listen = [plain, shop, french].map((port) => `127.0.0.1:${port}`);
    await open(t, { listen, sticky: { listeners } });
    assert.equal(new Set(await exitsOf(t, plain!, 4)).size, 3);
    assert.equal(new Set(await exitsOf(t, shop!, 4)).size, 1);
    assert.deepEqual(await exitsOf(t, french!, 2), ['e0', 'e0']);
  });

  test('may be those of client addresses', async (t) => {
    const gateway = await open(t, { sticky: { client_ip: true } });
    assert.equal(new Set(await exitsOf(t, gateway.proxyPort, 4)).size, 1);
  });

  test('of two users with the same name are two', async (t) => {
    const users = Array.from({ length: 8 }, (_, i) => ({
      name: `u${i}`,
      token: `a-token-of-user-${i}`,
      may: ['egress'],
    }));
    const gateway = await open(t, { auth: 'users' }, { users });
    const served = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const field = basic(`u${i}-session-same:a-token-of-user-${i}`);
      for (const exit of await exitsOf(t, gateway.proxyPort, 1, field)) served.add(exit);
    }
    assert.ok(served.size > 1);
  });
});

describe('what a client is told', () => {
  test('is its exit and its session, unless nothing is to be told', async (t) => {
    const gateway = await open(t, {});
    assert.match(
      await headOf(t, gateway.proxyPort, 'X-Proxy-Sticky-Session: one'),
      /^HTTP\/1\.1 200 OK\r\nX-Sluice-Exit: exits\/e\d\r\nX-Sluice-Session: one\r\n/,
    );
    const silent = await open(t, { expose: false });
    assert.doesNotMatch(await headOf(t, silent.proxyPort, 'X-Proxy-Sticky-Session: one'), /X-Sluice/i);
  });

  test('is that it has to log in where only users are served, by token or its digest', async (t) => {
    const digest = {
      name: 'bob',
      token_sha256: '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90',
      may: [],
    };
    const gateway = await open(t, { auth: 'users' }, { users: [...USERS, { ...digest, may: ['egress'] }] });
    assert.match(await headOf(t, gateway.proxyPort), /^HTTP\/1\.1 407 [^]*\r\nProxy-Authenticate: Basic /);
    assert.match(await headOf(t, gateway.proxyPort, basic('alice:a-token-of-alice-1')), /^HTTP\/1\.1 200 /);
    assert.match(await headOf(t, gateway.proxyPort, basic('bob:bob')), /^HTTP\/1\.1 407 /);
    assert.match(await headOf(t, gateway.proxyPort, basic('bob:alice')), /^HTTP\/1\.1 200 /);
  });
});

describe('private addresses', () => {
  for (const [listen, allowed] of [
    [['127.0.0.1:8888'], true],
    [['localhost:8888', 'unix:/run/x'], true],
    [['127.0.0.1:8888', '0.0.0.0:8889'], false],
    [[':8888'], false],
    [['[::]:8888'], false],
  ] as const) {
    test(`are ${allowed ? '' : 'not '}reached from ${listen.join(' and ')}, unless that is decided`, () => {
      const kindOf = (more: object): string => {
        const rules = destinationRules(configOf({ egress: { listen, ...more } }), new OwnDoors([]));
        return rules.decide({ host: '10.0.0.1', port: 80, user: null, isTunnel: false }).kind;
      };
      assert.equal(kindOf({}), allowed ? 'way' : 'denied');
      assert.deepEqual([kindOf({ allow_private: true }), kindOf({ allow_private: false })], ['way', 'denied']);
    });
  }
});

test('rules are those of the configuration, with its ports, its hops and its exceptions', () => {
  const rules = destinationRules(
    configOf({
      hops: { exits: { proxy: 'http://127.0.0.1:1' } },
      egress: {
        chain: ['exits'],
        rules: [{ match: { host: '*.bad.test' }, action: 'deny' }],
        no_proxy: '.in.test',
        connect_ports: [443],
      },
    }),
    new OwnDoors([{ host: 'door.test', port: 443 }]),
  );
  const decide = (host: string, port = 443): string => {
    const way = rules.decide({ host, port, user: null, isTunnel: true });
    return way.kind === 'way' ? `${way.via.join()}|` : way.reason;
  };
  assert.deepEqual(
    [decide('a.test'), decide('b.in.test'), decide('x.bad.test'), decide('a.test', 25), decide('door.test')],
    ['exits|', '|', 'rule', 'port', 'own_door'],
  );
});
