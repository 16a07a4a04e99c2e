// Three nodes behind HAProxy that lose Redis, or one of the others: what was known goes on, nothing waits for ever, and all is as it was afterwards.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ALICE, BOB, Cluster, type ClusterOptions, hostOf } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { Exposed, localServer, wish } from '../support/exposed.ts';
import { FreezingRelay } from '../support/freezing-relay.ts';

const CLIENTS = 5;
const REQUESTS = 150;
/** A client notices that its node says nothing within four times as long. */
const SILENT_MS = 250;

interface Stage {
  readonly cluster: Cluster;
  readonly clients: readonly Exposed[];
  readonly localPort: number;
}

async function stage(t: TestContext, options: ClusterOptions = {}): Promise<Stage | undefined> {
  const cluster = await Cluster.start(t, options);
  if (cluster === undefined) return undefined;
  const { port: localPort } = await localServer(t, (_request, response) => response.end('local'));
  const clients = await cluster.expose(localPort, CLIENTS, { silentMs: SILENT_MS });
  await cluster.untilServed(CLIENTS);
  return { cluster, clients, localPort };
}

function visitors({ cluster }: Stage): Crowd {
  const tunnels = Array.from({ length: CLIENTS }, (_, index) => ({ host: hostOf(index), path: '/', body: 'local' }));
  return new Crowd({
    url: cluster.url,
    wanted: [...tunnels, { host: 'plain.test', path: '/', body: 'backend' }],
    keeping: 4,
    fresh: 4,
  });
}

/** Nobody does without Redis, each name has one client, and that is reached from everywhere. */
async function untilWhole({ cluster, clients }: Stage): Promise<void> {
  for (const node of cluster.nodes) {
    for (;;) {
      const { state_store: store } = (await (await node.admin('/api/v1/status')).json()) as {
        state_store: { degraded: string[]; nodes: number };
      };
      if (store.degraded.length === 0 && store.nodes === 3) break;
      await pause(50);
    }
  }
  await cluster.untilServed(CLIENTS);
  for (;;) {
    const names = (await Promise.all([0, 1, 2].map((node) => cluster.clientsOf(node)))).flat();
    if (names.length === new Set(names).size && names.length >= CLIENTS) break;
    await pause(50);
  }
  assert.deepEqual(
    clients.map(({ end }) => end),
    Array(CLIENTS).fill(null),
  );
}

/** How many of twelve requests at the same time the limit lets through: it allows six. */
async function passed(cluster: Cluster, key: string): Promise<number> {
  const asked = Array.from({ length: 12 }, () => {
    return cluster.visit('/limited', { headers: { 'X-Key': key } }, 'plain.test');
  });
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assert.deepEqual(
    statuses.filter((status) => status !== 200 && status !== 429),
    [],
  );
  return statuses.filter((status) => status === 200).length;
}

describe('three nodes behind HAProxy', { timeout: 150_000 }, () => {
  test('fail no request while Redis is gone, and are one again when it is back with nothing in it', async (t) => {
    const whole = await stage(t);
    if (whole === undefined) return;
    const { cluster } = whole;
    const crowd = visitors(whole);
    t.after(() => crowd.stop());
    await crowd.more(REQUESTS);
    assert.equal(await passed(cluster, 'before'), 6);
    await cluster.redis.stop();
    await crowd.more(2 * REQUESTS);
    assert.ok((await passed(cluster, 'without')) >= 3);
    await cluster.redis.start();
    await crowd.more(REQUESTS);
    await untilWhole(whole);
    for (let key = 0; (await passed(cluster, `after${key}`)) !== 6; key++) await pause(50);
    await crowd.more(REQUESTS);
    assert.deepEqual(await crowd.stop(), []);
  });

  test('lose a node that freezes, take its clients, and take it back', async (t) => {
    const whole = await stage(t);
    if (whole === undefined) return;
    const { cluster, clients } = whole;
    const there = await cluster.clientsOf(2);
    cluster.nodes[2]?.signal('SIGSTOP');
    t.after(() => cluster.nodes[2]?.signal('SIGCONT'));
    await cluster.untilServed(CLIENTS, [0, 1]);
    const moved = clients.filter(({ openings }) => openings > 1);
    assert.equal(moved.length, there.length);
    cluster.nodes[2]?.signal('SIGCONT');
    await untilWhole(whole);
  });

  test('serve what they have while one is cut off, and a name that two accounts have got meanwhile is one account’s again', async (t) => {
    const relays: FreezingRelay[] = [];
    const through = async (port: number): Promise<FreezingRelay> => {
      const relay = await FreezingRelay.start(t, port);
      relays.push(relay);
      return relay;
    };
    const whole = await stage(t, {
      stateOf: async ({ url, port }, node) =>
        node === 2 ? url.replace(String(port), String((await through(port)).port)) : url,
      addressOf: async (port, node) => `127.0.0.1:${node === 2 ? (await through(port)).port : port}`,
    });
    if (whole === undefined) return;
    const { cluster, localPort } = whole;
    const there = (await cluster.clientsOf(2)).map((name) => `${name}.example.test`);
    const elsewhere = (await cluster.clientsOf(0)).map((name) => `${name}.example.test`);
    for (const relay of relays) relay.freeze();
    const opened = async (token: string, node: number): Promise<Exposed> => {
      const server = `ws://127.0.0.1:${cluster.ports[node]?.tunnels ?? 0}`;
      const tunnels = [wish(localPort, { name: 'late', subdomain: 'late' })];
      const client = new Exposed(t, { server, token, tunnels, isPatient: true });
      return client.until(() => client.opened !== null);
    };
    const [alice, bob] = await Promise.all([opened(ALICE, 0), opened(BOB, 2)]);
    for (const host of there) assert.equal((await cluster.visitAt(2, '/', {}, host)).status, 200);
    for (const host of elsewhere) assert.equal((await cluster.visitAt(1, '/', {}, host)).status, 200);
    // What cannot be reached is answered all the same.
    const answers = there.map((host) => cluster.visitAt(0, '/', {}, host));
    for (const { status } of await Promise.all(answers)) assert.ok([200, 502, 503, 504].includes(status), `${status}`);
    for (const relay of relays) relay.thaw();
    await untilWhole(whole);
    const [loser] = await Promise.race([
      alice.until(() => alice.end !== null).then(() => [alice, bob]),
      bob.until(() => bob.end !== null).then(() => [bob, alice]),
    ]);
    assert.equal(loser?.end?.code, 'SUBDOMAIN_UNAVAILABLE');
    assert.equal([alice, bob].filter(({ end }) => end === null).length, 1);
    for (const node of [0, 1, 2]) {
      while ((await cluster.visitAt(node, '/', {}, 'late.example.test')).status !== 200) await pause(50);
    }
  });
});
