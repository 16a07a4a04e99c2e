// What becomes of the clients of the forward proxy when exits are killed, frozen, taken out, or gone altogether. Rule: the
// servers at the end say what has reached them, how often, and from which exit.
import assert from 'node:assert/strict';
import http from 'node:http';
import type net from 'node:net';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, rawOrigin, readAll } from '../support/origins.ts';
import { askPlainly, askThroughTunnel, crowd, openTunnel } from '../support/proxy-clients.ts';
import { type RunningProxy, type SquidOptions, startSquid, startTinyproxy } from '../support/proxies.ts';

/** An exit connects from an address of its own, by which servers tell it. */
async function startExits(t: TestContext, count: number, more: SquidOptions = {}): Promise<RunningProxy[] | undefined> {
  const exits: RunningProxy[] = [];
  for (let index = 0; index < count; index += 1) {
    const exit = await startSquid(t, { from: addressOf(index), ...more });
    if (exit === undefined) return undefined;
    exits.push(exit);
  }
  return exits;
}

const addressOf = (index: number): string => `127.0.0.${11 + index}`;

/** One group, of these; two failures in a row are enough to leave one alone. */
function through(proxies: readonly { readonly url: string }[], hop: object = {}, more: GatewaySettings = {}) {
  const exits = { proxies: proxies.map(({ url }) => ({ url })), breaker: { failures: 2, open_for: '60s' }, ...hop };
  return { egress: { chain: ['exits'] }, hops: { exits }, ...more };
}

/** What has reached a server, by the address that it came from. */
class Visits {
  readonly byAddress = new Map<string, number>();
  /** Answers that are held back, while they are. */
  private held: http.ServerResponse[] | null = null;
  private wake: () => void = () => {};

  note(request: http.IncomingMessage): void {
    const from = request.socket.remoteAddress ?? '';
    this.byAddress.set(from, (this.byAddress.get(from) ?? 0) + 1);
  }

  answer(response: http.ServerResponse): void {
    if (this.held === null) response.end('ok');
    else this.held.push(response);
    this.wake();
  }

  /** Has `act` called while so many requests wait for their answers, and nothing of any answer is under way. */
  async whileWaiting(count: number, act: () => void): Promise<void> {
    const held: http.ServerResponse[] = [];
    this.held = held;
    while (held.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
    act();
    this.held = null;
    for (const response of held) response.end('ok');
  }

  get addresses(): string[] {
    return [...this.byAddress.keys()].toSorted();
  }
}

/** Some servers that answer with a few bytes, and what they have seen together. */
async function servers(t: TestContext, count: number): Promise<{ urls: readonly string[]; visits: Visits }> {
  const visits = new Visits();
  const start = (): Promise<string> =>
    http1Origin(t, (request, response) => {
      visits.note(request);
      visits.answer(response);
    });
  return { urls: await Promise.all(Array.from({ length: count }, start)), visits };
}

function agentOf(t: TestContext): http.Agent {
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  return agent;
}

interface Load {
  readonly port: number;
  readonly urls: readonly string[];
  readonly count: number;
  readonly midway?: () => Promise<void>;
}

const CLIENTS = 20;

/** Requests of every kind by twenty clients at once; what went wrong with any of them. */
async function load(t: TestContext, { port, urls, count, midway }: Load): Promise<string[]> {
  const agent = agentOf(t);
  const wrong: string[] = [];
  await crowd(CLIENTS, count, async (index) => {
    if (index === count / 2) await midway?.();
    const url = urls[index % urls.length] ?? '';
    if (index % 3 === 0) {
      const { status, socket } = await openTunnel(port, new URL(url).host);
      socket.destroy();
      if (status !== 200) wrong.push(`CONNECT ${status}`);
    } else {
      const { status, body } = await askPlainly(port, url, index % 3 === 1 ? { agent } : {});
      if (status !== 200 || body !== 'ok') wrong.push(`GET ${status} ${body}`);
    }
  });
  return wrong;
}

describe('clients of a group of exits', () => {
  for (const [what, signal] of [
    ['killed', 'SIGKILL'],
    ['frozen', 'SIGSTOP'],
  ] as const) {
    test(`see no error when one is ${what} under load, and it gets nothing more`, async (t) => {
      const exits = await startExits(t, 3);
      if (exits === undefined) return;
      const { urls, visits } = await servers(t, 5);
      const settings = through(exits, { timeouts: { handshake: '1s' } }, { timeouts: { read: '1s' } });
      const gateway = await Gateway.open(t, settings);
      const port = gateway.proxyPort;
      // An answer that has begun is lost with its exit: all others wait for theirs.
      const midway = (): Promise<void> => visits.whileWaiting(CLIENTS - 1, () => exits[1]!.signal(signal));
      assert.deepEqual(await load(t, { port, urls, count: 900, midway }), []);
      const states = gateway.proxiesOf('exits', settings);
      assert.deepEqual(
        states.map(({ breaker }) => breaker),
        ['closed', 'open', 'closed'],
      );
      assert.deepEqual(visits.addresses, [addressOf(0), addressOf(1), addressOf(2)]);
      const { uses } = states[1]!;
      assert.deepEqual(await load(t, { port, urls, count: 60 }), []);
      assert.equal(gateway.proxiesOf('exits', settings)[1]!.uses, uses);
    });
  }

  test('that ask for nothing but URLs find out a frozen one too', async (t) => {
    const exits = await startExits(t, 3);
    if (exits === undefined) return;
    const { urls } = await servers(t, 5);
    const settings = through(exits, {}, { timeouts: { read: '300ms' } });
    const gateway = await Gateway.open(t, settings);
    exits[1]!.signal('SIGSTOP');
    await crowd(5, 100, async (index) => {
      assert.equal((await askPlainly(gateway.proxyPort, urls[index % urls.length] ?? '')).status, 200);
    });
    assert.deepEqual(
      gateway.proxiesOf('exits', settings).map(({ breaker }) => breaker),
      ['closed', 'open', 'closed'],
    );
  });

  test('can ask for 500 names that do not exist, and no exit suffers for it', async (t) => {
    const exits = await startExits(t, 2, { knowsNoNames: true });
    if (exits === undefined) return;
    const { urls, visits } = await servers(t, 2);
    const settings = through(exits);
    const gateway = await Gateway.open(t, settings);
    const port = gateway.proxyPort;
    const answered = new Map<string, number>();
    await crowd(125, 625, async (index) => {
      if (index % 5 === 4) {
        const ask = index % 4 < 2 ? askPlainly : askThroughTunnel;
        assert.equal((await ask(port, urls[index % 2] ?? '')).status, 200);
        return;
      }
      const { status, fields, socket } = await openTunnel(port, `nothing-${index}.invalid:443`);
      socket.destroy();
      const said = `${status} ${/error=(\w+)/.exec(String(fields['proxy-status']))?.[1] ?? ''}`;
      answered.set(said, (answered.get(said) ?? 0) + 1);
    });
    assert.equal(
      [...answered.values()].reduce((sum, each) => sum + each, 0),
      500,
    );
    for (const said of answered.keys()) assert.match(said, /^50[234] /);
    const states = gateway.proxiesOf('exits', settings);
    assert.deepEqual(
      states.map(({ breaker, failures, obstacle }) => [breaker, failures, obstacle]),
      [
        ['closed', 0, null],
        ['closed', 0, null],
      ],
    );
    assert.deepEqual(visits.addresses, [addressOf(0), addressOf(1)]);
  });

  for (const start of [startSquid, startTinyproxy]) {
    const what = start === startSquid ? 'Squid' : 'Tinyproxy';
    test(`can ask for servers that break off, are silent or talk nonsense, and ${what} does not suffer for it`, async (t) => {
      const [one, other] = [await start(t), await start(t)];
      if (one === undefined || other === undefined) return;
      const SILENT = 4;
      const habits: ((socket: net.Socket) => void)[] = [
        (socket) => socket.resetAndDestroy(),
        (socket) => socket.once('data', () => socket.resetAndDestroy()),
        (socket) => socket.once('data', () => socket.end()),
        (socket) => socket.once('data', () => socket.end('nonsense')),
        (socket) => socket.resume(),
      ];
      const bad = await Promise.all(habits.map((habit) => rawOrigin(t, habit)));
      const { urls } = await servers(t, 2);
      const settings = through([one, other], {}, { timeouts: { read: '200ms' } });
      const gateway = await Gateway.open(t, settings);
      const port = gateway.proxyPort;
      for (const [index, url] of bad.entries()) {
        await crowd(2, 10, async () => void (await askPlainly(port, url)));
        await crowd(2, 20, async () => {
          const { socket } = await openTunnel(port, new URL(url).host);
          // What breaks off behind may break off here.
          socket.on('error', () => {});
          socket.write('x');
          if (index === SILENT) socket.destroy();
          else await new Promise((resolve) => socket.resume().once('close', resolve));
        });
        for (const good of urls) assert.equal((await askPlainly(port, good)).status, 200);
      }
      for (const { breaker, obstacle } of gateway.proxiesOf('exits', settings)) {
        assert.deepEqual([breaker, obstacle], ['closed', null]);
      }
    });
  }

  test('never have a POST delivered twice, while a GET is tried again', async (t) => {
    const exits = await startExits(t, 1);
    if (exits === undefined) return;
    const seen = new Map<string, number>();
    const origin = await http1Origin(t, (request, response) => {
      const id = String(request.headers['x-id']);
      seen.set(id, (seen.get(id) ?? 0) + 1);
      readAll(request).then(
        (body) => response.end(body),
        () => response.destroy(),
      );
    });
    const lossy = await exitThatLosesAnswers(t);
    const gateway = await Gateway.open(t, through([lossy, exits[0]!], { breaker: null }));
    const said = new Map<string, number[]>();
    const chunked = { 'Transfer-Encoding': 'chunked' };
    const welcome = { Expect: '100-continue' };
    const kinds = {
      GET: { method: 'GET' },
      POST: { method: 'POST', body: 'the body' },
      'POST in chunks': { method: 'POST', body: 'the body', fields: chunked },
      'POST that waits for its welcome': { method: 'POST', body: 'the body', fields: welcome },
      'PATCH without a body': { method: 'PATCH' },
    };
    for (const [name, asked] of Object.entries(kinds)) {
      const statuses: number[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        const fields = { ...('fields' in asked ? asked.fields : {}), 'X-Id': `${name} ${turn}` };
        const { status } = await askPlainly(gateway.proxyPort, origin, { ...asked, fields });
        statuses.push(status);
      }
      said.set(name, statuses);
    }
    for (const [name, statuses] of said) {
      const expected = name === 'GET' ? 0 : 10;
      assert.equal(statuses.filter((status) => status === 502).length, expected, name);
      assert.equal(statuses.filter((status) => status === 200).length, 20 - expected, name);
    }
    for (const [id, count] of seen) {
      if (!id.startsWith('GET')) assert.equal(count, 1, id);
    }
    assert.equal(seen.size, 100);
  });

  test('that name their sessions keep their exits, but for those whose exit has gone', async (t) => {
    const exits = await Promise.all(
      Array.from({ length: 10 }, (_, index) => exitThatAnswersItself(t, `exit-${index}`)),
    );
    const ids = Array.from({ length: 1000 }, (_, index) => `id-${index}`);
    const agent = agentOf(t);
    const settings = through(exits, { strategy: 'sticky_hash' });
    const gateway = await Gateway.open(t, settings);
    const ask = async (): Promise<string[]> => {
      const exitOf: string[] = [];
      await crowd(20, ids.length, async (index) => {
        const fields = { 'X-Proxy-Sticky-Session': ids[index] ?? '' };
        const { status, body } = await askPlainly(gateway.proxyPort, 'http://a.test/', { agent, fields });
        assert.equal(status, 200);
        exitOf[index] = body;
      });
      return exitOf;
    };
    const before = await ask();
    assert.deepEqual(await ask(), before);
    const share = (name: string, among: readonly string[]): number => among.filter((each) => each === name).length;
    for (let index = 0; index < 10; index += 1) {
      const own = share(`exit-${index}`, before);
      assert.ok(own > 50 && own < 150, `exit-${index} has ${own} of 1000`);
    }
    await gateway.apply(through(exits.toSpliced(4, 1), { strategy: 'sticky_hash' }));
    const after = await ask();
    const moved = ids.filter((_, index) => before[index] !== after[index]);
    assert.deepEqual(
      moved,
      ids.filter((_, index) => before[index] === 'exit-4'),
    );
    // Who has moved does not all move to the same one.
    const heirs = new Set(after.filter((_, index) => before[index] === 'exit-4'));
    assert.ok(heirs.size >= 8, [...heirs].join());
    // Its return moves nobody: what is bound stays bound.
    await gateway.apply(settings);
    assert.deepEqual(await ask(), after);
  });

  test('are refused when every exit is down, and nothing goes straight', async (t) => {
    const exits = await startExits(t, 2);
    if (exits === undefined) return;
    const { urls, visits } = await servers(t, 1);
    const [url = ''] = urls;
    const gateway = await Gateway.open(t, through(exits));
    const port = gateway.proxyPort;
    assert.equal((await askPlainly(port, url)).status, 200);
    assert.equal((await askThroughTunnel(port, url)).status, 200);
    const before = [...visits.byAddress];
    await Promise.all(exits.map((exit) => exit.stop()));
    const statuses = new Set<string>();
    let retryAfter: unknown;
    await crowd(10, 100, async (index) => {
      const { status, fields } = await (index % 2 === 0 ? askPlainly : askThroughTunnel)(port, url);
      statuses.add(String(status));
      if (status === 503) retryAfter = fields['retry-after'];
    });
    assert.deepEqual([...statuses].toSorted(), ['502', '503']);
    assert.match(String(retryAfter), /^\d+$/);
    assert.deepEqual([...visits.byAddress], before);
    assert.equal(visits.byAddress.has('127.0.0.1'), false);
  });
});

/** Passes requests on, and when the server has answered it cuts the client off. */
async function exitThatLosesAnswers(t: TestContext): Promise<{ url: string }> {
  return exit(t, (request) => {
    const { method, url = '', headers } = request;
    const onward = http.request(url, { method, headers, agent: false });
    request.pipe(onward);
    onward.on('response', (response) => {
      response.resume().on('end', () => request.socket.resetAndDestroy());
    });
  });
}

/** Says its name to whatever it is asked. */
function exitThatAnswersItself(t: TestContext, name: string): Promise<{ url: string }> {
  return exit(t, (_request, response) => response.end(name));
}

async function exit(t: TestContext, listener: http.RequestListener): Promise<{ url: string }> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}` };
}
