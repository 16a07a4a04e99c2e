// Three nodes behind HAProxy, one of which is killed under load. By hand, with more clients and for longer: SLUICE_CLUSTER_CLIENTS=50
// SLUICE_CLUSTER_REQUESTS=5000 node --test test/e2e/cluster-crash.test.ts tells the figures.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cluster, hostOf } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { localServer } from '../support/exposed.ts';

const CLIENTS = Number(process.env['SLUICE_CLUSTER_CLIENTS'] ?? 6);
const REQUESTS = Number(process.env['SLUICE_CLUSTER_REQUESTS'] ?? 200);

describe('a node that is killed under load', { timeout: 120_000 }, () => {
  test('takes no more with it than what was in flight on it', async (t) => {
    const cluster = await Cluster.start(t);
    if (cluster === undefined) return;
    const local = await localServer(t, (_request, response) => response.end('local'));
    await cluster.expose(local.port, CLIENTS);
    await cluster.untilServed(CLIENTS);
    const tunnels = Array.from({ length: CLIENTS }, (_, index) => ({ host: hostOf(index), path: '/', body: 'local' }));
    const visitors = new Crowd({ url: cluster.url, wanted: tunnels, keeping: 4, fresh: 4 });
    const plain = new Crowd({
      url: cluster.url,
      wanted: [{ host: 'plain.test', path: '/', body: 'backend' }],
    });
    t.after(() => Promise.all([visitors.stop(), plain.stop()]));
    await Promise.all([visitors.more(REQUESTS), plain.more(REQUESTS)]);
    assert.equal(await passed(cluster, 3), 3);
    const killedAtMs = performance.now();
    cluster.nodes[0]?.signal('SIGKILL');
    await cluster.nodes[0]?.ended;
    const endedAtMs = performance.now();
    await cluster.untilServed(CLIENTS);
    const servedAfterMs = performance.now() - killedAtMs;
    await Promise.all([visitors.more(REQUESTS), plain.more(REQUESTS)]);
    assert.equal(await passed(cluster, 12), 3);
    const failures = [...(await visitors.stop()), ...(await plain.stop())];
    const told = { answered: visitors.answered + plain.answered, slowestMs: visitors.slowestMs, servedAfterMs };
    t.diagnostic(JSON.stringify({ ...told, failures: failures.length }));
    const begun = failures.filter(({ askedAtMs }) => askedAtMs > endedAtMs);
    assert.deepEqual(begun, []);
    assert.ok(failures.length <= visitors.size + plain.size, JSON.stringify(failures));
  });
});

/** How many of so many requests, at the same time, the limit lets through: it allows six. */
async function passed(cluster: Cluster, count: number): Promise<number> {
  const headers = { 'X-Key': 'one' };
  const asked = Array.from({ length: count }, () => cluster.visit('/limited', { headers }, 'plain.test'));
  return (await Promise.all(asked)).filter(({ status }) => status === 200).length;
}
