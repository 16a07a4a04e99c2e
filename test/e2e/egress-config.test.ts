// The keys of the sections egress and hops do what the reference says of them, seen from both sides of the forward proxy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { documentSchema } from '../../src/config/schema/document.ts';
import { SessionBindings } from '../../src/runtime/hops/hop-sessions.ts';
import { Group } from '../../src/services/balance/group.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { fakeProxy, httpAnswers } from '../support/fake-proxy.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { rawOrigin } from '../support/origins.ts';

const OK = 'HTTP/1.1 200 OK\r\n\r\n';

function proxy(t: TestContext, egress: object, more: GatewaySettings = {}): Promise<Gateway> {
  return Gateway.open(t, { ...more, egress });
}

/** Sends this to the forward proxy and returns what came until the end of the head of the answer, or of the connection. */
async function ask(t: TestContext, port: number, request: string): Promise<string> {
  const client = net.connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write(request, 'latin1');
  let answer = '';
  for await (const bytes of client) {
    answer += (bytes as Buffer).toString('latin1');
    if (answer.includes('\r\n\r\n')) break;
  }
  return answer;
}

function connect(authority: string, ...fields: readonly string[]): string {
  return [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...fields, '', ''].join('\r\n');
}

function basic(login: string): string {
  return `Proxy-Authorization: Basic ${btoa(login)}`;
}

/** The credentials that a proxy has heard, in order. */
function logins(heard: readonly string[]): string[] {
  return [...heard.join('').matchAll(/^proxy-authorization: Basic (\S+)/gim)].map(([, text]) => atob(text ?? ''));
}

describe('hops.*.local_dns', () => {
  /** What the SOCKS5 proxy is asked for: the kind of the address, and the address. */
  async function askedFor(t: TestContext, settings: object): Promise<number | undefined> {
    const exit = await fakeProxy(t, (heard) => {
      if (heard === '\x05\x01\x00') return { say: '\x05\x00' };
      return heard.length < 10 ? null : { say: '\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50', next: 'echo' };
    });
    const hops = { exit: { proxy: `socks5://127.0.0.1:${exit.port}`, ...settings } };
    const gateway = await proxy(t, { chain: ['exit'] }, { hops });
    assert.match(await ask(t, gateway.proxyPort, connect('localhost:443')), /^HTTP\/1\.1 200 /);
    return exit.heard.join('').charCodeAt('\x05\x01\x00'.length + 3);
  }

  test('leaves names to the proxy by default', async (t) => assert.equal(await askedFor(t, {}), 3));
  test('resolves them here where that is asked for', async (t) =>
    assert.notEqual(await askedFor(t, { local_dns: true }), 3));
});

describe('hops.*.timeouts', () => {
  for (const [timeouts, words] of [
    [{ handshake: '50ms' }, 'did not answer within 0.05 s'],
    [{ budget: '40ms' }, 'was not through within the 0.04 s that it may take'],
  ] as const) {
    test(`bound each hop by itself: ${JSON.stringify(timeouts)}`, async (t) => {
      const corporate = await proxy(t, {});
      const exit = await fakeProxy(t, () => null);
      const hops = {
        corporate: { proxy: `http://127.0.0.1:${corporate.proxyPort}` },
        exit: { proxy: `http://127.0.0.1:${exit.port}`, timeouts },
      };
      const gateway = await proxy(t, { chain: ['corporate', 'exit'], retry: { attempts: 1 } }, { hops });
      const answer = await ask(t, gateway.proxyPort, connect('a.test:443'));
      assert.match(answer, /^HTTP\/1\.1 504 /);
      assert.match(answer, new RegExp(`^Proxy-Status: "exit"; error=hop_timeout; .*${words}`, 'm'));
    });
  }
});

describe('hops.*.keep_ready', () => {
  test('has connections wait for requests, and opens others in their place', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const hops = { exit: { proxy: `http://127.0.0.1:${exit.port}`, keep_ready: 2 } };
    const gateway = await proxy(t, { chain: ['exit'] }, { hops });
    let isFound = false;
    // What the proxy has accepted, our side may not have seen yet: then one more is opened, and the next request finds some.
    for (let tunnels = 1; !isFound && tunnels < 100; tunnels += 1) {
      const before = exit.sockets.length;
      assert.match(await ask(t, gateway.proxyPort, connect(`${tunnels}.test:443`)), / 200 /);
      const at = exit.heard.findIndex((heard) => heard.startsWith(`CONNECT ${tunnels}.test`));
      isFound = at < before;
      await gateway.until(() => exit.heard.filter((heard) => heard === '').length === 2, 'that two are ready again');
    }
    assert.ok(isFound);
  });

  test('has none by default', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const gateway = await proxy(t, { chain: ['exit'] }, { hops: { exit: { proxy: `http://127.0.0.1:${exit.port}` } } });
    for (const tunnels of [1, 2]) await ask(t, gateway.proxyPort, connect(`${tunnels}.test:443`));
    assert.deepEqual(
      exit.heard.map((heard) => heard.slice(0, 9)),
      ['CONNECT 1', 'CONNECT 2'],
    );
  });
});

describe('egress.sticky.max_ttl', () => {
  test('bounds what a client may ask for, and what the provider is told', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const session = { username: '{user}-s-{session}-t-{ttl}', ttl: { unit: 'seconds' } };
    const hops = { exit: { proxy: `http://jo:pw@127.0.0.1:${exit.port}`, session } };
    const gateway = await proxy(t, { chain: ['exit'], sticky: { max_ttl: '60s' } }, { hops });
    for (const ttl of ['20s', '2h']) {
      const request = connect('a.test:443', basic(`x-session-cart7-ttl-${ttl}:`));
      assert.match(await ask(t, gateway.proxyPort, request), / 200 /);
    }
    assert.deepEqual(logins(exit.heard), ['jo-s-cart7-t-20:pw', 'jo-s-cart7-t-60:pw']);
  });
});

describe('egress.rules', () => {
  const users = [
    { name: 'alice', token: 'a-token-of-alice-1', may: ['egress'] },
    { name: 'batch', token: 'a-token-of-batch-1', may: ['egress'] },
  ];

  test('for a user are for nobody else', async (t) => {
    const gateway = await proxy(t, { auth: 'users', rules: [{ match: { user: 'batch' }, action: 'deny' }] }, { users });
    const { host } = new URL(await rawOrigin(t, () => {}));
    const answerTo = (login: string): Promise<string> => ask(t, gateway.proxyPort, connect(host, basic(login)));
    assert.match(await answerTo('batch:a-token-of-batch-1'), /^HTTP\/1\.1 403 /);
    assert.match(await answerTo('alice:a-token-of-alice-1'), /^HTTP\/1\.1 200 /);
    assert.match(await answerTo('alice-session-1:a-token-of-alice-1'), /^HTTP\/1\.1 200 /);
  });
});

describe('labels', () => {
  /** Through which exit an answer came. */
  const exitOf = (answer: string): string | undefined => /^x-sluice-exit: (.*)$/im.exec(answer)?.[1]?.trim();

  test('of a rule choose among the proxies that have some, and pass by a hop that has none', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const corporate = await proxy(t, {});
    const at = (id: string, country: string): object => {
      return { id, url: `http://127.0.0.1:${exit.port}`, tags: { country } };
    };
    const hops = {
      corporate: { proxy: `http://127.0.0.1:${corporate.proxyPort}` },
      exits: { proxies: [at('de', 'de'), at('fr', 'fr')] },
    };
    const rules = ['fr', 'de', 'us'].map((country) => ({ match: { host: `*.${country}.test` }, tags: { country } }));
    const gateway = await proxy(t, { chain: ['corporate', 'exits'], rules }, { hops });
    for (const country of ['fr', 'de', 'fr']) {
      assert.equal(exitOf(await ask(t, gateway.proxyPort, connect(`a.${country}.test:443`))), `exits/${country}`);
    }
    assert.match(await ask(t, gateway.proxyPort, connect('a.us.test:443')), /^HTTP\/1\.1 503 [^]*hops_exhausted/);
  });

  test('of a rule are told to the provider whose credentials have a place for them', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const session = { username: '{user}[-cc-{country}]' };
    const hops = { exit: { proxy: `http://jo:pw@127.0.0.1:${exit.port}`, session } };
    const rules = [{ match: { host: '*.fr.test' }, tags: { country: 'fr' } }];
    const gateway = await proxy(t, { chain: ['exit'], rules }, { hops });
    for (const host of ['a.fr.test', 'b.test']) await ask(t, gateway.proxyPort, connect(`${host}:443`));
    assert.deepEqual(logins(exit.heard), ['jo-cc-fr:pw', 'jo:pw']);
  });

  test('of a port of the forward proxy count for all that comes in there', async (t) => {
    const exit = await fakeProxy(t, httpAnswers(OK));
    const proxies = ['de', 'fr'].map((country) => {
      return { id: country, url: `http://127.0.0.1:${exit.port}`, tags: { country } };
    });
    const port = await freePort();
    const listeners = { [port]: { tags: { country: 'fr' } } };
    const egress = { listen: ['127.0.0.1:0', `127.0.0.1:${port}`], chain: ['exits'], sticky: { listeners } };
    await proxy(t, egress, { hops: { exits: { proxies } } });
    for (const _ of proxies) assert.equal(exitOf(await ask(t, port, connect('a.test:443'))), 'exits/fr');
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('limits and timeouts', () => {
  test('hold at the door of the forward proxy too', async (t) => {
    const limits = { url: 100, headers: 1024, header_count: 5 };
    const gateway = await proxy(t, {}, { limits, timeouts: { headers: '50ms' } });
    const { proxyPort } = gateway;
    assert.match(await ask(t, proxyPort, `GET http://a.test/${'x'.repeat(200)} HTTP/1.1\r\n\r\n`), / 414 /);
    assert.match(await ask(t, proxyPort, connect('a.test:1', `X: ${'x'.repeat(2000)}`)), / 431 /);
    assert.match(await ask(t, proxyPort, connect('a.test:1', ...'abcdefgh'.split('').map((x) => `${x}: 1`))), / 431 /);
    assert.match(await ask(t, proxyPort, 'CONNECT a.test:1 HTTP/1.1\r\n'), / 408 /);
    assert.equal(await ask(t, proxyPort, '\x05\x01'), '');
  });
});

describe('egress.sticky.max_sessions', () => {
  test('bounds how many are remembered: those unused for longest go first', () => {
    const { egress } = documentSchema.parse({ egress: { sticky: { max_sessions: 2 } } });
    const sessions = new SessionBindings().under(egress.sticky);
    const table = new MemberTable({ capacity: 1 });
    const group = new Group({ name: 'g', table, members: [{ id: 'a', data: 0 }], options: { strategy: 'random' } });
    for (const key of ['one', 'two', 'one', 'three']) sessions.pick(group, { key, ttlMs: null });
    const bound = ['one', 'two', 'three'].map((key) => sessions.boundTo(group, key));
    assert.deepEqual(bound, ['a', null, 'a']);
  });
});
