// Sessions of the forward proxy, as clients name them: in a field, in a user name, by the port or by their own address; and
// what becomes of them when time passes or their exit goes. Rule: the answer to CONNECT says which exit it was.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { freePorts } from '../support/free-ports.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, rawOrigin } from '../support/origins.ts';
import { askPlainly, openTunnel } from '../support/proxy-clients.ts';
import { RawClient } from '../support/raw-client.ts';

const EXITS = ['a', 'b', 'c'];
const HEADER = 'X-Proxy-Sticky-Session';

/** A server that everything is asked of, three exits that are forward proxies themselves, and what asks them. */
class Stage {
  readonly t: TestContext;
  readonly authority: string;
  readonly exits: ReadonlyMap<string, Gateway>;

  private constructor(t: TestContext, origin: string, exits: readonly Gateway[]) {
    this.t = t;
    this.authority = new URL(origin).host;
    this.exits = new Map(exits.map((exit, index) => [EXITS[index]!, exit]));
  }

  static async open(t: TestContext): Promise<Stage> {
    const origin = await rawOrigin(t, (socket) => socket.pipe(socket));
    return new Stage(t, origin, await Promise.all(EXITS.map(() => Gateway.open(t, { egress: {} }))));
  }

  /** Settings that go through these exits. */
  through(egress: object = {}, hop: object = {}, names: readonly string[] = EXITS): GatewaySettings {
    const proxies = names.map((id) => ({ id, url: `http://127.0.0.1:${this.exits.get(id)!.proxyPort}` }));
    const breaker = { failures: 1, open_for: '60s' };
    return { hops: { exits: { proxies, breaker, ...hop } }, egress: { chain: ['exits'], ...egress } };
  }

  gateway(egress: object = {}, more: GatewaySettings = {}): Promise<Gateway> {
    return Gateway.open(this.t, { ...this.through(egress), ...more });
  }

  /** The exit of one tunnel, or the status of its refusal. */
  async exitOf(port: number, fields: Readonly<Record<string, string>> = {}): Promise<string> {
    const { status, fields: answer, socket } = await openTunnel(port, this.authority, fields);
    socket.destroy();
    return status === 200 ? String(answer['x-sluice-exit']).replace('exits/', '') : String(status);
  }

  /** The exits of several tunnels, one after the other. */
  async exitsOf(port: number, fields: Readonly<Record<string, string>> = {}, count = 6): Promise<Set<string>> {
    const exits = new Set<string>();
    for (let i = 0; i < count; i++) exits.add(await this.exitOf(port, fields));
    return exits;
  }
}

function login(name: string, token = 'x'): Readonly<Record<string, string>> {
  return { 'Proxy-Authorization': `Basic ${btoa(`${name}:${token}`)}` };
}

describe('a client that names no session', () => {
  test('goes through one exit after the other', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway();
    assert.deepEqual(await stage.exitsOf(proxyPort), new Set(EXITS));
  });
});

describe('a session', () => {
  test('that is named in a field keeps its exit, and its name is not passed on', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway();
    const exits = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const served = await stage.exitsOf(proxyPort, { [HEADER]: `cart-${i}` }, 3);
      assert.equal(served.size, 1);
      for (const exit of served) exits.add(exit);
    }
    assert.ok(exits.size > 1, 'sessions are spread over exits');
    const { fields, socket } = await openTunnel(proxyPort, stage.authority, { [HEADER]: 'cart-1' });
    socket.destroy();
    assert.equal(fields['x-sluice-session'], 'cart-1');
  });

  test('that is named in a user name keeps its exit, by HTTP and by SOCKS', async (t) => {
    const stage = await Stage.open(t);
    const gateway = await stage.gateway();
    const [exit, ...others] = await stage.exitsOf(gateway.proxyPort, login('any-session-cart'));
    assert.deepEqual(others, []);
    const before = stage.exits.get(exit!)!.metric('sluice_http_requests_total');
    const [host, port] = stage.authority.split(':');
    const client = await RawClient.connect(t, gateway.proxyPort);
    const name = 'other-session-cart';
    const address = String.fromCharCode(...host!.split('.').map(Number), Number(port) >> 8, Number(port) & 255);
    client.send(`\x05\x01\x02\x01${String.fromCharCode(name.length)}${name}\x01x\x05\x01\x00\x01${address}hello`);
    await client.untilText(/hello$/);
    client.leave();
    const isCounted = (): boolean => stage.exits.get(exit!)!.metric('sluice_http_requests_total') === before + 1;
    await gateway.until(isCounted, 'that the same exit has served it');
  });

  test('in a field goes before one in a user name', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway();
    const byField = await stage.exitOf(proxyPort, { [HEADER]: 'field' });
    for (let i = 0; i < 4; i++) {
      assert.equal(await stage.exitOf(proxyPort, { ...login(`u-session-${i}`), [HEADER]: 'field' }), byField);
    }
  });

  test('may be that of a port, for clients that can name none', async (t) => {
    const stage = await Stage.open(t);
    const [plain, shop] = await freePorts(2);
    const listen = [`127.0.0.1:${plain}`, `127.0.0.1:${shop}`];
    await stage.gateway({ listen, sticky: { listeners: { [String(shop)]: 'shop' } } });
    assert.equal((await stage.exitsOf(shop!)).size, 1);
    assert.equal((await stage.exitsOf(plain!)).size, 3);
    assert.equal((await stage.exitsOf(shop!, { [HEADER]: 'own' })).size, 1);
  });

  test('may be that of a client address', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway({ sticky: { client_ip: true } });
    assert.equal((await stage.exitsOf(proxyPort)).size, 1);
  });

  test('is its user’s own, and nobody has it without a token', async (t) => {
    const stage = await Stage.open(t);
    const users = Array.from({ length: 8 }, (_, i) => ({
      name: `u${i}`,
      token: `a-token-of-user-${i}`,
      may: ['egress'],
    }));
    const { proxyPort } = await stage.gateway({ auth: 'users' }, { users });
    const exits = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const served = await stage.exitsOf(proxyPort, login(`u${i}-session-same`, `a-token-of-user-${i}`), 2);
      assert.equal(served.size, 1);
      for (const exit of served) exits.add(exit);
    }
    assert.ok(exits.size > 1, 'the same name is another session for another user');
    assert.equal(await stage.exitOf(proxyPort, login('u0-session-same', 'wrong')), '407');
    assert.equal(await stage.exitOf(proxyPort, { [HEADER]: 'same' }), '407');
  });

  test('of URLs keeps its exit too', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway();
    const origin = await http1Origin(t, (_request, response) => response.end('ok'));
    for (let i = 0; i < 6; i++) {
      const { status } = await askPlainly(proxyPort, `${origin}/`, { fields: { [HEADER]: 'cart' } });
      assert.equal(status, 200);
    }
    const served = [...stage.exits.values()].map((exit) => exit.metric('sluice_http_requests_total'));
    assert.deepEqual(
      served.toSorted((a, b) => a - b),
      [0, 0, 6],
    );
  });
});

describe('the exit of a session', () => {
  test('is the same after a reload, and after exits have come or gone that are not its own', async (t) => {
    const stage = await Stage.open(t);
    const gateway = await stage.gateway();
    const { proxyPort } = gateway;
    const before = await stage.exitOf(proxyPort, { [HEADER]: 'cart' });
    await gateway.apply(stage.through({ chain: ['exits'] }, { strategy: 'random' }));
    assert.equal(await stage.exitOf(proxyPort, { [HEADER]: 'cart' }), before);
    const left = EXITS.filter((name, index) => name === before || index === EXITS.findIndex((each) => each !== before));
    await gateway.apply(stage.through({}, {}, left));
    assert.equal(await stage.exitOf(proxyPort, { [HEADER]: 'cart' }), before);
  });

  test('is another one when it has gone, and stays that one, until the time of the session is over', async (t) => {
    const stage = await Stage.open(t);
    for (const [fields, comesBack] of [
      [login('u-session-cart'), false],
      [login('u-session-cart-ttl-50ms'), true],
    ] as const) {
      const gateway = await stage.gateway();
      const { proxyPort } = gateway;
      const first = await stage.exitOf(proxyPort, fields);
      await gateway.apply(
        stage.through(
          {},
          {},
          EXITS.filter((name) => name !== first),
        ),
      );
      const second = await stage.exitOf(proxyPort, fields);
      assert.notEqual(second, first);
      await gateway.apply(stage.through());
      if (comesBack) while ((await stage.exitOf(proxyPort, fields)) !== first);
      else assert.deepEqual(await stage.exitsOf(proxyPort, fields), new Set([second]));
    }
  });

  test('is given up when it is down: a flexible session moves within the request and stays there', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway();
    const fields = { [HEADER]: 'cart' };
    const first = await stage.exitOf(proxyPort, fields);
    stage.exits.get(first)!.plane.close();
    const [second, ...others] = await stage.exitsOf(proxyPort, fields);
    assert.deepEqual(others, []);
    assert.ok(second !== first && EXITS.includes(second!));
  });

  test('is not given up by a strict session, which fails while others go on', async (t) => {
    const stage = await Stage.open(t);
    const { proxyPort } = await stage.gateway({ sticky: { mode: 'strict' } });
    const fields = { [HEADER]: 'cart' };
    const first = await stage.exitOf(proxyPort, fields);
    stage.exits.get(first)!.plane.close();
    assert.match(await stage.exitOf(proxyPort, fields), /^50[24]$/);
    assert.equal(await stage.exitOf(proxyPort, fields), '503');
    assert.deepEqual(await stage.exitsOf(proxyPort), new Set(EXITS.filter((name) => name !== first)));
  });
});
