// The forward proxy through hops over the network, on proxies that do what a test tells them to.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { type FakeProxy, fakeProxy, httpAnswers } from '../support/fake-proxy.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, rawOrigin } from '../support/origins.ts';
import { head } from '../support/playbook.ts';
import { RawClient } from '../support/raw-client.ts';

function get(path = ''): string {
  return head(`GET http://a.test/${path} HTTP/1.1`, 'Host: a.test');
}

/** A gateway whose forward proxy goes through these ports, as one group. */
function through(t: TestContext, ports: readonly number[], more: GatewaySettings = {}): Promise<Gateway> {
  const proxies = ports.map((port, index) => ({ id: `e${index}`, url: `http://127.0.0.1:${port}` }));
  const breaker = { failures: 1, open_for: '30s' };
  return Gateway.open(t, {
    hops: { exits: { proxies, breaker } },
    ...more,
    egress: { chain: ['exits'], ...more.egress },
  });
}

async function closedPort(t: TestContext): Promise<number> {
  const { port, sockets } = await fakeProxy(t, (_heard, socket) => {
    socket.resetAndDestroy();
    return null;
  });
  assert.deepEqual(sockets, []);
  return port;
}

async function exitsSaying(t: TestContext, ...answers: readonly string[]): Promise<FakeProxy[]> {
  return Promise.all(answers.map((answer) => fakeProxy(t, httpAnswers(answer))));
}

const OPEN = 'HTTP/1.1 200 OK\r\n\r\n';
const CONNECT = head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443');

describe('a tunnel through hops', () => {
  test('carries what the server has said before it was asked, and tells its exit', async (t) => {
    const [exit] = await exitsSaying(t, `${OPEN}220 ready`);
    const gateway = await through(t, [exit!.port]);
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(`${CONNECT}EHLO`);
    await client.untilText('220 readyEHLO');
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\nX-Sluice-Exit: exits\/e0\r\n/);
    assert.equal(exit?.heard[0]?.split('\r\n')[0], 'CONNECT a.test:443 HTTP/1.1');
  });

  test('goes through another member when one fails, and says what was tried', async (t) => {
    const [good] = await exitsSaying(t, OPEN);
    const gateway = await through(t, [await closedPort(t), good!.port]);
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(`${CONNECT}hello`);
    await client.untilText(/\r\n\r\nhello$/);
    assert.match(client.text, /\r\nX-Sluice-Exit: exits\/e1\r\nProxy-Status: "exits\/e0"; error=hop_\w+; details="/);
  });

  test('is refused with the name of the hop that does not take our credentials', async (t) => {
    const answer = head('HTTP/1.1 407 No', 'Proxy-Authenticate: Basic realm="x"', 'Content-Length: 0');
    const [exit] = await exitsSaying(t, answer);
    const gateway = await through(t, [exit!.port]);
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(CONNECT);
    await client.untilText(/"request_id":"\w+"\}\}$/);
    assert.match(client.text, /^HTTP\/1\.1 502 [^]*"hop_auth_failed","message":"the proxy exits\/e0 /);
    assert.doesNotMatch(client.text, /Proxy-Authenticate/i);
  });

  test('is given up with its client', async (t) => {
    const exit = await fakeProxy(t, () => null);
    const gateway = await through(t, [exit.port]);
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(CONNECT);
    await gateway.until(() => exit.heard.length === 1 && exit.heard[0] !== '', 'that the exit is asked');
    client.leave();
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['error.type'], 'client_closed');
  });
});

describe('URLs through hops, over the network', () => {
  test('reach the last hop by tunnels through those before it', async (t) => {
    const [first] = await exitsSaying(t, `HTTP/1.1 200 OK\r\n\r\n`);
    const gateway = await Gateway.open(t, {
      hops: {
        corporate: { proxy: `http://u:p@127.0.0.1:${first!.port}` },
        exits: { proxy: 'http://v:w@exit.test:3128' },
      },
      egress: { chain: ['corporate', 'exits'] },
    });
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(get('x'));
    // The fake hop echoes what comes through its tunnel, which is no answer.
    await client.untilText(/"request_id":"\w+"\}\}$/);
    assert.match(first?.heard[0] ?? '', /^CONNECT exit\.test:3128 HTTP\/1\.1\r\n[^]*Basic dTpw\r\n/);
    assert.doesNotMatch(first?.heard[0] ?? '', /a\.test|djp3/);
  });

  test('do not try every exit when the hop before them is down, and do not blame them', async (t) => {
    const [exit] = await exitsSaying(t, OPEN);
    const proxies = Array.from({ length: 3 }, (_, i) => ({ id: `e${i}`, url: `http://127.0.0.1:${exit!.port}` }));
    const down = await fakeProxy(t, (_heard, socket) => {
      socket.resetAndDestroy();
      return null;
    });
    const gateway = await Gateway.open(t, {
      hops: { corporate: { proxy: `http://127.0.0.1:${down.port}` }, exits: { proxies } },
      egress: { chain: ['corporate', 'exits'] },
    });
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(get());
    await client.untilText(/"request_id":"\w+"\}\}$/);
    assert.match(client.text, /^HTTP\/1\.1 502 [^]*\r\nProxy-Status: "corporate"; error=[^]*the proxy corporate /);
    assert.equal(down.sockets.length, 1);
  });

  test('go by a tunnel to the server itself where the last hop speaks SOCKS', async (t) => {
    const origin = await http1Origin(t, (request, response) => response.end(`path ${request.url}`));
    const exit = await Gateway.open(t, { egress: {} });
    const gateway = await Gateway.open(t, {
      hops: { exit: { proxy: `socks5h://127.0.0.1:${exit.proxyPort}` } },
      egress: { chain: ['exit'] },
    });
    const client = await RawClient.connect(t, gateway.proxyPort);
    for (const path of ['/1', '/2']) {
      client.send(head(`GET ${origin}${path} HTTP/1.1`, `Host: ${new URL(origin).host}`));
      await client.untilText(`path ${path}`);
    }
    assert.equal(exit.metric('sluice_connections_open'), 1, 'both on one connection');
    client.leave();
  });

  test('never go out directly when no exit can be reached', async (t) => {
    const origin = await rawOrigin(t, () => assert.fail('it was reached directly'));
    const gateway = await through(t, [await closedPort(t), await closedPort(t)]);
    const client = await RawClient.connect(t, gateway.proxyPort);
    const host = new URL(origin).host;
    for (const [request, expected] of [
      [head(`GET ${origin}/ HTTP/1.1`, `Host: ${host}`), /"code":"(?:hop_\w+|upstream_reset)"[^]*$/],
      [head(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`), /"code":"(?:hop_\w+|hops_exhausted)"[^]*$/],
      [head(`GET ${origin}/ HTTP/1.1`, `Host: ${host}`), /\r\nRetry-After: \d+\r\n[^]*"code":"hops_exhausted"/],
    ] as const) {
      const before = client.text.length;
      client.send(request);
      await client.until(({ text }) => /"request_id":"\w+"\}\}$/.test(text.slice(before)));
      assert.match(client.text.slice(before), expected);
    }
  });
});

describe('the proxies of a hop', () => {
  test('are not blamed for one server that is not served, where only URLs are asked for', async (t) => {
    const dead = await fakeProxy(t, () => ({ say: '', next: 'reset' }));
    const exits = {
      proxies: [{ url: `http://127.0.0.1:${dead.port}` }],
      breaker: { failures: 2, open_for: '60s', failure_rate: null },
    };
    const gateway = await Gateway.open(t, { hops: { exits }, egress: { chain: ['exits'], retry: { attempts: 1 } } });
    const codes: string[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.connect(t, gateway.proxyPort);
      client.send(get());
      await client.untilText(/"request_id":"\w+"\}\}$/);
      codes.push(/"code":"(\w+)"/.exec(client.text)?.[1] ?? '');
      client.leave();
    }
    assert.deepEqual(codes, ['upstream_reset', 'upstream_reset', 'upstream_reset']);
  });

  test('are all free again when everybody has gone, however that came', async (t) => {
    const origin = await http1Origin(t, (request, response) => {
      if (request.url === '/reset') request.socket.resetAndDestroy();
      else if (request.url !== '/never') request.pipe(response);
    });
    const { host } = new URL(origin);
    const exits = await Promise.all([1, 2].map(() => Gateway.open(t, { egress: {} })));
    const dead = await fakeProxy(t, () => ({ say: '', next: 'reset' }));
    const ports = [...exits.map(({ proxyPort }) => proxyPort), dead.port];
    const proxies = ports.map((port, index) => ({ id: `e${index}`, url: `http://127.0.0.1:${port}` }));
    const settings = { hops: { exits: { proxies } }, egress: { chain: ['exits'] } };
    const gateway = await Gateway.open(t, settings);
    const requests = [
      head(`GET ${origin}/ HTTP/1.1`, `Host: ${host}`),
      `${head(`POST ${origin}/ HTTP/1.1`, `Host: ${host}`, 'Content-Length: 5')}hello`,
      `${head(`POST ${origin}/ HTTP/1.1`, `Host: ${host}`, 'Content-Length: 5')}he`,
      head(`GET ${origin}/reset HTTP/1.1`, `Host: ${host}`),
      head(`GET ${origin}/never HTTP/1.1`, `Host: ${host}`),
      head('GET http://127.0.0.1:1/ HTTP/1.1', 'Host: 127.0.0.1:1'),
      head(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`),
      head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: 127.0.0.1:1'),
      `${head(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`)}GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ];
    const clients: RawClient[] = [];
    for (let i = 0; i < 90; i++) {
      const client = await RawClient.connect(t, gateway.proxyPort);
      const request = requests[i % requests.length]!;
      client.send(request);
      // Behind a request that waits for its answer nobody reads on, and so nobody hears of a reset.
      if (i % 2 === 0 && !request.includes('/never')) client.send(requests[0]!);
      if (i % 5 === 0) client.leave();
      clients.push(client);
    }
    await gateway.until(() => clients.some(({ text }) => text.includes('hello')), 'that something has come');
    for (const client of clients) client.leave();
    await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that all have left');
    gateway.plane.close();
    const active = (): number[] => gateway.proxiesOf('exits', settings).map((state) => state.active);
    await gateway.until(() => active().every((count) => count === 0), `that nobody is in use: ${active().join()}`);
    const states = gateway.proxiesOf('exits', settings);
    for (const { uses, successes, failures } of states) assert.ok(successes + failures <= uses);
    assert.equal(states[2]?.successes, 0);
  });
});
