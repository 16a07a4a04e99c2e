// Backends that take only so many requests at once, and those that wait for them, asked over the network.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { balanced, bodies, counts, failedWith, named } from '../support/backends.ts';
import { until } from '../support/chain-rig.ts';
import { configOf, Gateway } from '../support/gateway.ts';
import { http1Origin, http2Origin } from '../support/origins.ts';
import { startSluice } from '../support/sluice-process.ts';
import { RawClient } from '../support/raw-client.ts';

/** Answers when it is told to, the oldest request first. */
class Held {
  readonly waiting: (() => void)[] = [];
  readonly asked: string[] = [];
  most = 0;
  url = '';

  static async open(t: TestContext, name: string): Promise<Held> {
    const held = new Held();
    held.url = await http1Origin(t, ({ url }, response) => {
      held.asked.push(url ?? '');
      held.waiting.push(() => response.end(name));
      held.most = Math.max(held.most, held.waiting.length);
    });
    return held;
  }

  async letGo(): Promise<void> {
    await until(() => this.waiting.length > 0);
    this.waiting.shift()?.();
  }
}

const limited = (url: string, most = 1): object => ({ url, max_connections: most });
const pool = { pool: 'gateway/app' };
const waits = (gateway: Gateway, result: string): number =>
  gateway.metric('sluice_pool_waits_total', { ...pool, result });

describe('a backend with a limit', () => {
  test('gets no more than that at once, and the others in the order in which they came', async (t) => {
    const held = await Held.open(t, 'one');
    const gateway = await balanced(t, { backends: [limited(held.url, 2)] });
    const answers: Promise<unknown>[] = [];
    for (let index = 0; index < 5; index++) {
      answers.push(ask(`${gateway.url}/${index}`));
      await until(() => gateway.metric('sluice_http_requests_in_flight') === index + 1);
    }
    for (let turn = 0; turn < 5; turn++) await held.letGo();
    await Promise.all(answers);
    assert.deepEqual(held.asked, ['/0', '/1', '/2', '/3', '/4']);
    assert.equal(held.most, 2);
    assert.equal(waits(gateway, 'served'), 3);
  });

  test('is passed over while it has what it may have', async (t) => {
    const held = await Held.open(t, 'held');
    const gateway = await balanced(t, { backends: [limited(held.url), await named(t, 'free')] });
    const first = ask(gateway.url);
    await until(() => held.waiting.length === 1);
    assert.deepEqual(counts(await bodies(gateway, 4)), { free: 4 });
    await held.letGo();
    await first;
  });

  test('that has none left in time is a 503 that says when to come again', async (t) => {
    const held = await Held.open(t, 'one');
    const gateway = await balanced(t, { backends: [limited(held.url)], queue: { timeout: '1ms' } });
    const first = ask(gateway.url);
    await until(() => held.waiting.length === 1);
    const late = await ask(gateway.url);
    assert.equal(failedWith(late, 503), 'upstream_busy');
    assert.equal(late.headers['retry-after'], '1');
    assert.equal(waits(gateway, 'late'), 1);
    await held.letGo();
    assert.equal((await first).status, 200);
    assert.equal((await Promise.all([ask(gateway.url), held.letGo()]))[0].status, 200);
  });

  test('refuses at once whoever finds the queue full, or where there is none', async (t) => {
    const held = await Held.open(t, 'one');
    for (const [queue, waiting] of [
      [{ size: 1 }, 1],
      [null, 0],
    ] as const) {
      const gateway = await balanced(t, { backends: [limited(held.url)], queue });
      const running = [ask(gateway.url)];
      await until(() => held.waiting.length === 1);
      if (waiting > 0) running.push(ask(gateway.url));
      await until(() => gateway.metric('sluice_http_requests_in_flight') === 1 + waiting);
      assert.equal(failedWith(await ask(gateway.url), 503), 'upstream_busy');
      assert.equal(waits(gateway, 'refused'), waiting);
      for (const each of running) {
        await held.letGo();
        assert.equal((await each).status, 200);
      }
    }
  });

  test('is not kept from others by a client that has gone away from the queue', async (t) => {
    const held = await Held.open(t, 'one');
    const gateway = await balanced(t, { backends: [limited(held.url)], queue: { size: 1 } });
    const first = ask(gateway.url);
    await until(() => held.waiting.length === 1);
    const gone = await RawClient.connect(t, gateway.port);
    gone.send('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => gateway.metric('sluice_http_requests_in_flight') === 2);
    gone.socket.destroy();
    await until(() => waits(gateway, 'left') === 1);
    const next = ask(`${gateway.url}/next`);
    await until(() => gateway.metric('sluice_http_requests_in_flight') === 2);
    await held.letGo();
    await held.letGo();
    assert.deepEqual([(await first).status, (await next).status], [200, 200]);
    assert.deepEqual(held.asked, ['/', '/next']);
  });

  test('counts the streams of HTTP/2', async (t) => {
    const open: (() => void)[] = [];
    const { url, sessions } = await http2Origin(t, (stream) => {
      open.push(() => {
        stream.respond({ ':status': 200 });
        stream.end('two');
      });
    });
    const gateway = await balanced(t, { backends: [limited(url, 2)] });
    const all = [1, 2, 3].map(() => ask(gateway.url));
    await until(() => open.length === 2 && gateway.metric('sluice_http_requests_in_flight') === 3);
    open.shift()?.();
    await until(() => open.length === 2);
    for (const answer of open) answer();
    assert.deepEqual(counts((await Promise.all(all)).map(({ body }) => body)), { two: 3 });
    assert.equal(sessions.length, 1);
  });

  test('is what a client with a cookie does not wait for', async (t) => {
    const held = await Held.open(t, 'held');
    const gateway = await balanced(t, { backends: [limited(held.url), await named(t, 'free')], sticky: {} });
    const [first] = await Promise.all([ask(gateway.url), held.letGo()]);
    const cookie = (first.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    assert.equal(first.body, 'held');
    const running = ask(gateway.url, { headers: { cookie } });
    await until(() => held.waiting.length === 1);
    assert.equal((await ask(gateway.url, { headers: { cookie } })).body, 'free');
    await held.letGo();
    await running;
  });

  test('is a limit of all threads together, and those that wait in one are called by another', async (t) => {
    const held = await Held.open(t, 'one');
    const to = { backends: [limited(held.url)] };
    const [here, there] = await Gateway.openTwice(t, { gateway: { routes: [{ name: 'app', to }] } });
    const first = ask(here.url);
    await until(() => held.waiting.length === 1);
    const second = ask(there.url);
    await until(() => there.metric('sluice_http_requests_in_flight') === 1);
    await held.letGo();
    await held.letGo();
    assert.deepEqual([(await first).status, (await second).status], [200, 200]);
    assert.equal(held.most, 1);
    assert.equal(waits(there, 'served'), 1);
  });

  test('is kept by the workers of a real Sluice, and everybody has a turn', async (t) => {
    const held = await Held.open(t, 'one');
    const gateway = { listen: '127.0.0.1:0', routes: [{ to: { backends: [limited(held.url, 2)] } }] };
    const config = { process: { workers: 3 }, gateway, egress: { listen: null } };
    const sluice = await startSluice(t, { files: { 'sluice.yaml': JSON.stringify(config) } });
    const all = Array.from({ length: 30 }, () => ask(sluice.address('gateway')));
    for (let turn = 0; turn < all.length; turn++) await held.letGo();
    assert.deepEqual(counts((await Promise.all(all)).map(({ body }) => body)), { one: 30 });
    assert.equal(held.most, 2);
  });

  test('holds through a reload', async (t) => {
    const held = await Held.open(t, 'one');
    const settings = { gateway: { routes: [{ name: 'app', to: { backends: [limited(held.url)] } }] } };
    const gateway = await Gateway.open(t, settings);
    const first = ask(gateway.url);
    await until(() => held.waiting.length === 1);
    const waiting = ask(gateway.url);
    await until(() => gateway.metric('sluice_http_requests_in_flight') === 2);
    await gateway.apply(settings);
    const afterwards = ask(gateway.url);
    await until(() => gateway.metric('sluice_http_requests_in_flight') === 3);
    for (const each of [first, waiting, afterwards]) {
      await held.letGo();
      assert.equal((await each).status, 200);
    }
    assert.equal(held.most, 1);
  });
});

test('a limit or a queue that is none is refused', () => {
  for (const [to, message] of [
    [{ backends: [limited('http://127.0.0.1', 0)] }, /max_connections/],
    [{ backends: ['http://127.0.0.1'], queue: { size: 0 } }, /size/],
    [{ backends: ['http://127.0.0.1'], queue: { timeout: 5 } }, /unit/],
  ] as const) {
    assert.throws(() => configOf({ gateway: { routes: [{ to }] } }), message);
  }
});
