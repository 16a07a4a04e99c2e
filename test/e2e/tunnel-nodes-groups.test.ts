// Nodes of the real program that share a Redis: clients on different nodes share one name, and visitors at any node are spread over all of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { TunnelsAnswer } from '../../src/control/admin-answers.ts';
import { ask, type Asked } from '../support/ask.ts';
import { Redis } from '../support/redis.ts';
import type { SluiceProcess } from '../support/sluice-process.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { BOB, exposeWith, startNode } from '../support/tunnel-node.ts';

/** A local server that says who it is, as one client of the shared name. */
async function member(
  t: TestContext,
  node: SluiceProcess,
  name: string,
  hangs: () => boolean = () => false,
): Promise<SluiceProcess> {
  const server = http.createServer((request, response) => {
    if (hangs()) return;
    if (request.method === 'POST') request.pipe(response.writeHead(200));
    else response.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as net.AddressInfo;
  return exposeWith(t, node.address('tunnels'), ['http', `127.0.0.1:${port}`, '--subdomain', 'app', '--group']);
}

async function visit(node: SluiceProcess, options: Asked = {}): Promise<string> {
  const headers = { Host: 'app.example.test' };
  const { status, body } = await ask(`${node.address('gateway')}/`, { headers, ...options });
  return status === 200 ? body : String(status);
}

/** Who answers at a node, of that many visits. */
async function answering(node: SluiceProcess, visits = 40): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let count = 0; count < visits; count += 1) {
    const name = await visit(node);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

async function untilAnswering(node: SluiceProcess, ...names: string[]): Promise<void> {
  while ([...(await answering(node)).keys()].toSorted().join() !== names.join()) await pause(50);
}

describe('a name that clients on several nodes share', { timeout: 150_000 }, () => {
  test('brings visitors at each node to all of them, and to those that are left when a node is killed', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const wish = { redis };
    const nodes = await Promise.all([startNode(t, wish), startNode(t, wish), startNode(t, { ...wish, workers: 2 })]);
    const [one, other, without] = nodes;
    await member(t, one, 'first');
    const hung = Promise.withResolvers<void>();
    let isHanging = false;
    const second = await member(t, other, 'second', () => {
      if (isHanging) hung.resolve();
      return isHanging;
    });
    await untilAnswering(without, 'first', 'second');
    isHanging = true;
    const visits = Array.from({ length: 20 }, () => visit(without));
    await hung.promise;
    second.signal('SIGKILL');
    assert.deepEqual([...new Set(await Promise.all(visits))], ['first']);
    await member(t, other, 'third');
    const fifth = await member(t, other, 'second');
    for (const node of nodes) await untilAnswering(node, 'first', 'second', 'third');
    const counts = await answering(without, 300);
    for (const name of ['first', 'second', 'third']) {
      assert.ok((counts.get(name) ?? 0) > 50, `${name}: ${counts.get(name)} of 300`);
    }
    const stranger = await TunnelClient.connect(t, without.address('tunnels'));
    stranger.say('Auth', { token: BOB, version: 2 });
    await stranger.nextOf('HeartbeatAck');
    stranger.say('TunnelCreate', { protocol: 'http', subdomain: 'app', group: true });
    assert.equal((await stranger.nextOf('Error'))['code'], 'SUBDOMAIN_UNAVAILABLE');

    redis.signal('SIGSTOP');
    t.after(() => redis.signal('SIGCONT'));
    assert.deepEqual([...(await answering(without)).keys()].toSorted(), ['first', 'second', 'third']);
    redis.signal('SIGCONT');

    fifth.signal('SIGKILL');
    await fifth.ended;
    for (const node of nodes) await untilAnswering(node, 'first', 'third');
    other.signal('SIGKILL');
    await other.ended;
    for (let count = 0; count < 30; count += 1) {
      assert.equal(await visit(one), 'first');
      assert.equal(await visit(without), 'first');
      assert.equal(await visit(without, { method: 'POST', body: 'a body' }), 'a body');
    }
    const again = await startNode(t, wish);
    await untilAnswering(again, 'first');
    await member(t, again, 'fourth');
    for (const node of [one, without, again]) await untilAnswering(node, 'first', 'fourth');

    const { tunnels } = (await (await without.admin('/api/v1/tunnels?nodes=all')).json()) as TunnelsAnswer;
    assert.deepEqual(
      tunnels.map(({ name, node }) => `${name} ${node}`).toSorted(),
      [one, again].map((node) => `app ${new URL(node.address('nodes')).host}`).toSorted(),
    );
    assert.equal((await without.admin('/api/v1/tunnels/app', { method: 'DELETE' })).status, 200);
    for (const node of [one, without, again]) while ((await visit(node)) !== '404') await pause(50);
  });

  test('brings a visitor to the same client from every node where the group is sticky', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const wish = { redis, server: 'group_strategy: sticky_hash' };
    const [one, other] = await Promise.all([startNode(t, wish), startNode(t, wish)]);
    await member(t, one, 'first');
    await member(t, other, 'second');
    const visitors = Array.from({ length: 16 }, (_, at) => ({ localAddress: `127.0.0.${at + 10}` }));
    const answersOf = (node: SluiceProcess): Promise<string[]> =>
      Promise.all(visitors.map((visitor) => visit(node, visitor)));
    // As long as there is one of them, or none yet, there is nothing to be seen.
    const untilBoth = async (): Promise<string[]> => {
      const seen = await answersOf(one);
      return [...new Set(seen)].toSorted().join() === 'first,second' ? seen : pause(50).then(untilBoth);
    };
    const seen = await untilBoth();
    for (const node of [other, one, other]) assert.deepEqual(await answersOf(node), seen);
  });
});
