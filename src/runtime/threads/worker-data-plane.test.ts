import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { fakeProxy } from '../../../test/support/fake-proxy.ts';
import { freePorts } from '../../../test/support/free-ports.ts';
import type { GatewaySettings } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { WorkerStage } from '../../../test/support/worker-stage.ts';

const ENOUGH_FOR_ALL = 40;

function answering(body: string, gateway: object = {}): GatewaySettings {
  return { gateway: { ...gateway, routes: [{ to: { respond: { body } } }] } };
}

/** What many connections are answered; the kernel spreads them over the threads. */
async function askOften(url: string): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: ENOUGH_FOR_ALL }, () => ask(url)));
  return new Set(answers.map(({ body }) => body));
}

async function takenPort(t: TestContext): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** A backend whose answers the test lets go. */
async function heldBackend(t: TestContext, requests: number): Promise<{ url: string; all: Promise<() => void> }> {
  const held: (() => void)[] = [];
  const all = Promise.withResolvers<() => void>();
  const url = await http1Origin(t, (_request, response) => {
    held.push(() => response.end('done'));
    if (held.length === requests) all.resolve(() => held.forEach((release) => release()));
  });
  return { url, all: all.promise };
}

describe('a data plane on workers', () => {
  test('has as many threads as it was told, behind one door', async (t) => {
    const stage = await WorkerStage.open(t, 3, answering('hello'));
    assert.equal(stage.threads.length, 3);
    assert.equal(stage.plane.doors().length, 1);
    assert.deepEqual(await askOften(stage.url), new Set(['hello']));
  });

  test('counts and logs as one', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    await askOften(stage.url);
    await stage.until(() => stage.view.total('sluice_http_requests_total') === ENOUGH_FOR_ALL, 'that all are counted');
    await stage.accessSink.until((lines) => lines.length === ENOUGH_FOR_ALL);
    await stage.until(() => stage.view.total('sluice_connections_open') === 0, 'that all have closed');
  });

  test('knows how many connections are open on all of its threads', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    const port = Number(new URL(stage.url).port);
    const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(t, port)));
    await stage.until(() => stage.plane.doors()[0]?.openConnections === 10, 'that ten are open');
    const connections = await stage.plane.connections(100);
    const own = clients.map(({ socket }) => `127.0.0.1:${socket.localPort}`);
    assert.deepEqual(connections.map(({ client }) => client).toSorted(), own.toSorted());
    assert.equal((await stage.plane.connections(4)).length, 4);
    for (const { socket } of clients) socket.destroy();
    await stage.until(() => stage.plane.doors()[0]?.openConnections === 0, 'that none is open');
  });
});

describe('a configuration for workers', () => {
  test('comes into force on every thread', async (t) => {
    const stage = await WorkerStage.open(t, 3, answering('old'));
    const { url } = stage;
    await stage.apply(answering('new'));
    assert.equal(stage.url, url);
    assert.deepEqual(await askOften(url), new Set(['new']));
  });

  test('lets what runs end as it has begun', async (t) => {
    const { url: backend, all } = await heldBackend(t, 10);
    const stage = await WorkerStage.open(t, 2, { gateway: { default_backend: backend } });
    const answers = Array.from({ length: 10 }, () => ask(stage.url));
    const release = await all;
    await stage.apply(answering('new'));
    release();
    for (const { body } of await Promise.all(answers)) assert.equal(body, 'done');
    assert.deepEqual(await askOften(stage.url), new Set(['new']));
  });

  test('that one thread refuses is in force on none', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('old'));
    const { url } = stage;
    const tls = { cert: '/missing/cert.pem', key: '/missing/key.pem' };
    await assert.rejects(stage.apply(answering('new', { tls })), {
      code: 'config_invalid',
      message: '/missing/cert.pem cannot be read: there is no such file',
    });
    assert.equal(stage.url, url);
    assert.deepEqual(await askOften(url), new Set(['old']));
  });

  test('with a port that another program has is refused, although the port could be shared', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('old'));
    const listen = [`127.0.0.1:${await takenPort(t)}`];
    await assert.rejects(stage.apply(answering('new', { listen })), {
      code: 'listen_failed',
      message: new RegExp(`^gateway\\.listen: cannot listen on ${listen[0]}: the address is already in use`),
    });
    assert.deepEqual(await askOften(stage.url), new Set(['old']));
  });

  test('that puts a new door before an old one opens it on every thread', async (t) => {
    const [first, second] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const stage = await WorkerStage.open(t, 2, answering('old', { listen: [first] }));
    await stage.apply(answering('new', { listen: [second, first] }));
    assert.deepEqual(
      stage.plane.doors().map(({ address }) => address),
      [`http://${second}`, `http://${first}`],
    );
    // What one thread alone had open would be closed with it.
    await stage.threads[0]!.terminate();
    assert.equal((await ask(`http://${second}`)).body, 'new');
    assert.equal((await ask(`http://${first}`)).body, 'new');
  });

  test('that closes a door closes it on every thread', async (t) => {
    const [first, second] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const stage = await WorkerStage.open(t, 2, answering('old', { listen: [first, second] }));
    await stage.apply(answering('new', { listen: [second] }));
    await assert.rejects(ask(`http://${first}`), { code: 'ECONNREFUSED' });
    assert.deepEqual(await askOften(`http://${second}`), new Set(['new']));
  });
});

describe('the forward proxy of workers', () => {
  /** Where the forward proxy listens. */
  function portOf(stage: WorkerStage): number {
    const door = stage.plane.doors().find(({ name }) => name === 'egress') ?? assert.fail('there is none');
    return Number(new URL(door.address).port);
  }

  /** What as many clients are told as it takes to meet every thread. */
  async function codesOf(t: TestContext, port: number, count = ENOUGH_FOR_ALL): Promise<Set<string>> {
    const request = 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nConnection: close\r\n\r\n';
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(t, port)));
    const codes = clients.map(async (client) => {
      client.send(request);
      await client.untilText(/"request_id":"\w+"/);
      return /"code":"(\w+)"/.exec(client.text)?.[1] ?? '';
    });
    return new Set(await Promise.all(codes));
  }

  test('is on one port for all of them, also when the system has chosen it', async (t) => {
    const stage = await WorkerStage.open(t, 2, { egress: { rules: [{ action: 'deny' }] } });
    const port = portOf(stage);
    assert.deepEqual(await codesOf(t, port), new Set(['destination_denied']));
    // What one thread alone had open would be closed with it.
    await stage.threads[0]!.terminate();
    assert.deepEqual(await codesOf(t, port, 1), new Set(['destination_denied']));
    await stage.until(() => stage.threads.length === 3, 'that it is replaced');
    await stage.apply({ egress: {}, hops: {} });
    assert.equal(portOf(stage), port);
  });

  test('knows on every thread what one of them has learnt of a proxy', async (t) => {
    const exit = await fakeProxy(t, () => ({ say: '', next: 'reset' }));
    const exits = { proxies: [{ url: `http://127.0.0.1:${exit.port}` }], breaker: { failures: 1, open_for: '60s' } };
    const stage = await WorkerStage.open(t, 2, { hops: { exits }, egress: { chain: ['exits'] } });
    const port = portOf(stage);
    assert.match([...(await codesOf(t, port, 1))].join(), /^hop_/);
    assert.deepEqual(await codesOf(t, port), new Set(['hops_exhausted']));
    assert.equal(exit.sockets.length, 1, 'nobody else has tried');
  });

  test('does not lead to the doors of the control plane, on any thread', async (t) => {
    const stage = await WorkerStage.open(t, 2, { egress: {} });
    const admin = await takenPort(t);
    await stage.plane.knowControlDoors([`http://127.0.0.1:${admin}`]);
    const port = portOf(stage);
    const clients = await Promise.all(Array.from({ length: ENOUGH_FOR_ALL }, () => RawClient.connect(t, port)));
    for (const client of clients)
      client.send(`CONNECT localhost:${admin} HTTP/1.1\r\nHost: localhost:${admin}\r\n\r\n`);
    for (const client of clients) await client.untilText('"destination_denied"');
  });
});

describe('a worker that dies', () => {
  test('is replaced and counted, and what it has counted stays', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    const { url } = stage;
    await askOften(url);
    await stage.until(() => stage.view.total('sluice_http_requests_total') === ENOUGH_FOR_ALL, 'that all are counted');
    await stage.threads[0]!.terminate();
    await stage.until(() => stage.restarts === 1 && stage.threads.length === 3, 'that it is replaced');
    assert.deepEqual(stage.logged, ['a worker has crashed']);
    assert.deepEqual(await askOften(url), new Set(['hello']));
    await stage.until(
      () => stage.view.total('sluice_http_requests_total') === 2 * ENOUGH_FOR_ALL,
      'that old and new requests are counted',
    );
  });

  test('is replaced by one with the configuration in force, also while that changes', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('old'));
    const { url } = stage;
    await Promise.all(stage.threads.map((thread) => thread.terminate()));
    await stage.until(() => stage.threads.length === 3, 'that a new one starts');
    await stage.apply(answering('new'));
    await stage.until(() => stage.threads.length === 4, 'that both are replaced');
    await stage.apply(answering('newest'));
    assert.deepEqual(await askOften(url), new Set(['newest']));
    assert.deepEqual([stage.restarts, stage.threads.length], [2, 4]);
  });

  test('is replaced at once by a configuration that comes first', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('old'));
    await stage.threads[0]!.terminate();
    await stage.until(() => stage.restarts === 1, 'that it is missed');
    await stage.apply(answering('new'));
    assert.equal(stage.threads.length, 3);
    assert.deepEqual(await askOften(stage.url), new Set(['new']));
  });

  test('is not replaced when the program stops', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    await stage.plane.drain();
    await stage.threads[0]!.terminate();
    await stage.plane.close();
    assert.deepEqual([stage.restarts, stage.threads.length], [0, 2]);
  });
});

describe('an error that nothing on a worker handled', () => {
  test('is reported with its stack, and the worker goes on', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    stage.threads[0]!.postMessage(null);
    await stage.until(() => stage.faults.length === 1, 'that it is reported');
    const [fault] = stage.faults;
    assert.equal(fault?.name, 'TypeError');
    assert.match(fault.stack ?? '', /worker\.ts:\d+/);
    assert.deepEqual(await askOften(stage.url), new Set(['hello']));
    assert.deepEqual([stage.restarts, stage.threads.length, stage.logged.length], [0, 2, 0]);
  });

  test('ends the worker when it comes again and again, and another takes its place', async (t) => {
    const stage = await WorkerStage.open(t, 2, answering('hello'));
    for (let i = 0; i < 10; i++) stage.threads[0]!.postMessage(null);
    await stage.until(() => stage.restarts === 1 && stage.threads.length === 3, 'that it is replaced');
    assert.equal(stage.faults.length, 10);
    assert.deepEqual(await askOften(stage.url), new Set(['hello']));
  });
});

describe('workers that stop', () => {
  test('let what runs finish on every thread and take nothing new', async (t) => {
    const { url: backend, all } = await heldBackend(t, 20);
    const stage = await WorkerStage.open(t, 2, { gateway: { default_backend: backend } });
    const { url } = stage;
    const answers = Array.from({ length: 20 }, () => ask(url));
    const release = await all;
    const drained = stage.plane.drain();
    release();
    for (const { body } of await Promise.all(answers)) assert.equal(body, 'done');
    await drained;
    await assert.rejects(ask(url), { code: 'ECONNREFUSED' });
    assert.equal(stage.accessSink.lines.length, 20, 'every line of the log has arrived');
  });

  test('cut what runs when they are closed, and the log has its lines', async (t) => {
    const { url: backend, all } = await heldBackend(t, 4);
    const stage = await WorkerStage.open(t, 2, { gateway: { default_backend: backend } });
    const answers = Array.from({ length: 4 }, () => assert.rejects(ask(stage.url)));
    await all;
    await stage.plane.close();
    await Promise.all(answers);
    assert.equal(stage.accessSink.lines.length, 4);
  });
});
