// Three nodes behind HAProxy, each of which is started anew under load, one after the other. By hand, with more clients and for longer:
// SLUICE_CLUSTER_CLIENTS=50 SLUICE_CLUSTER_REQUESTS=5000 node --test test/e2e/cluster-rolling.test.ts tells the figures.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { ALICE, Cluster, hostOf } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { localServer } from '../support/exposed.ts';
import { TunnelClient } from '../support/tunnel-client.ts';

const CLIENTS = Number(process.env['SLUICE_CLUSTER_CLIENTS'] ?? 5);
const REQUESTS = Number(process.env['SLUICE_CLUSTER_REQUESTS'] ?? 150);

describe('nodes that are started anew one after the other under load', { timeout: 180_000 }, () => {
  test('fail no request, neither of the gateway nor of a tunnel', async (t) => {
    const cluster = await Cluster.start(t);
    if (cluster === undefined) return;
    const local = await localServer(t, (_request, response) => response.end('local'));
    new WebSocketServer({ server: local }).on('connection', (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    });
    const clients = await cluster.expose(local.port, CLIENTS);
    await keepOpen(t, cluster, 'older');
    await cluster.untilServed(CLIENTS);
    const tunnels = Array.from({ length: CLIENTS }, (_, index) => ({ host: hostOf(index), path: '/', body: 'local' }));
    const older = { host: 'older.example.test', path: '/', body: 'local' };
    const { url } = cluster;
    const visitors = new Crowd({ url, wanted: [...tunnels, older], keeping: 4, fresh: 4 });
    const plain = new Crowd({ url, wanted: [{ host: 'plain.test', path: '/', body: 'backend' }] });
    t.after(() => Promise.all([visitors.stop(), plain.stop()]));
    await Promise.all([visitors.more(REQUESTS), plain.more(REQUESTS)]);
    const stops: number[] = [];
    for (const [index, node] of cluster.nodes.entries()) {
      const stoppedAtMs = performance.now();
      node.signal('SIGTERM');
      assert.deepEqual(await node.ended, { code: 0, signal: null });
      stops.push(Math.round(performance.now() - stoppedAtMs));
      await cluster.startNode(index);
      await cluster.untilReady(3);
      await Promise.all([visitors.more(REQUESTS), plain.more(REQUESTS)]);
    }
    const failures = [...(await visitors.stop()), ...(await plain.stop())];
    const told = { answered: visitors.answered + plain.answered, slowestMs: visitors.slowestMs, stops };
    t.diagnostic(JSON.stringify(clients.map(({ losses, end }) => [losses, end])));
    t.diagnostic(JSON.stringify({ ...told, failures: failures.length }));
    assert.deepEqual(failures, []);
    assert.ok(clients.every(({ end }) => end === null));
  });

  test('fail no visitor of a tunnel if one is replaced by another on its own machine', async (t) => {
    const cluster = await Cluster.start(t);
    if (cluster === undefined) return;
    const local = await localServer(t, (_request, response) => response.end('local'));
    await cluster.expose(local.port, CLIENTS);
    await cluster.untilServed(CLIENTS);
    const wanted = Array.from({ length: CLIENTS }, (_, index) => ({ host: hostOf(index), path: '/', body: 'local' }));
    const visitors = new Crowd({ url: cluster.url, wanted, keeping: 4, fresh: 4 });
    t.after(() => visitors.stop());
    await visitors.more(REQUESTS);
    const [before] = cluster.nodes;
    await cluster.startNode(0, ['up', '--takeover']);
    assert.deepEqual(await before?.ended, { code: 0, signal: null });
    await visitors.more(REQUESTS);
    assert.deepEqual(await visitors.stop(), []);
  });

  test('leave a visitor who stays the client that he has', async (t) => {
    const cluster = await Cluster.start(t);
    if (cluster === undefined) return;
    const local = await localServer(t, (_request, response) => response.end('local'));
    new WebSocketServer({ server: local }).on('connection', (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    });
    const [client] = await cluster.expose(local.port, 1);
    await cluster.untilServed(1);
    const clients = await Promise.all([0, 1, 2].map((node) => cluster.clientsOf(node)));
    const there = clients.findIndex((names) => names.length > 0);
    const port = cluster.ports[(there + 1) % 3]?.gateway ?? 0;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { Host: hostOf(0) } });
    t.after(() => socket.terminate());
    await once(socket, 'open');
    cluster.nodes[there]?.signal('SIGTERM');
    await client?.until(() => client.openings === 2);
    socket.send('still here');
    assert.equal(String((await once(socket, 'message'))[0]), 'still here');
    assert.equal((await cluster.visit('/', {}, hostOf(0))).status, 200);
    socket.close();
    assert.deepEqual(await cluster.nodes[there]?.ended, { code: 0, signal: null });
  });
});

/** A client of 3.x, which is told nothing when its node goes: it comes back when its connection is closed. */
async function keepOpen(t: TestContext, cluster: Cluster, name: string): Promise<void> {
  let isOver = false;
  t.after(() => void (isOver = true));
  const open = async (): Promise<void> => {
    const client = await TunnelClient.open(t, cluster.door, { token: ALICE, names: [name] });
    client.socket.on('message', () => answerAll(client));
    client.socket.on('close', comeBack);
    answerAll(client);
  };
  const comeBack = (): void => {
    if (!isOver) setTimeout(() => void open().catch(comeBack), 500 * (0.5 + Math.random())).unref();
  };
  await open();
}

function answerAll(client: TunnelClient): void {
  for (const { Type: type, stream_id: id } of client.heard.splice(0)) {
    if (type === 'StreamOpen') client.answer(id, { body: 'local' });
    else if (type === 'Heartbeat') client.say('HeartbeatAck');
  }
}
