// The proxies of hops changed through the admin API of the real program, with two workers, while clients go through them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionsAnswer, ProxiesAnswer, ProxyAnswer, StatsAnswer } from '../../src/control/admin-answers.ts';
import { Gateway } from '../support/gateway.ts';
import { http1Origin, rawOrigin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';

/** A real exit: a forward proxy of its own. */
const exit = (t: TestContext): Promise<Gateway> => Gateway.open(t, { egress: {} });
const urlOf = ({ proxyPort }: Gateway): string => `http://127.0.0.1:${proxyPort}`;

interface Stage {
  readonly sluice: SluiceProcess;
  readonly origin: string;
}

/** A Sluice that sends everything through the hop `exits`, which begins with the one exit given. */
async function stage(t: TestContext, first: Gateway, hop = ''): Promise<Stage> {
  const origin = await http1Origin(t, (_request, response) => response.end('ok'));
  const config = `
process: { workers: 2 }
egress: { chain: [exits] }
hops:
  exits:
    ${hop.replaceAll('ORIGIN', origin)}
    proxies: [{ id: first, url: "${urlOf(first)}" }]
`;
  return { sluice: await startSluice(t, { files: { 'sluice.yaml': config } }), origin };
}

/** The status of a plain request through the forward proxy, on a connection of its own. */
async function fetchThrough({ sluice, origin }: Stage): Promise<number> {
  const { port } = new URL(sluice.address('egress'));
  const headers = { Host: new URL(origin).host };
  const asked = http.get({ host: '127.0.0.1', port, path: `${origin}/`, headers, agent: false });
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  await text(answer);
  return answer.statusCode ?? 0;
}

/** Opens a tunnel and closes it again; the exit that it went through. */
async function exitOfTunnel({ sluice, origin }: Stage): Promise<string> {
  const { port } = new URL(sluice.address('egress'));
  const path = new URL(origin).host;
  const asked = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path, agent: false }).end();
  const [answer, socket] = (await once(asked, 'connect')) as [http.IncomingMessage, net.Socket];
  socket.destroy();
  assert.equal(answer.statusCode, 200);
  return String(answer.headers['x-sluice-exit']);
}

async function exitsOf(at: Stage, tunnels: number): Promise<readonly string[]> {
  const seen = new Set<string>();
  for (let count = 0; count < tunnels; count += 1) seen.add(await exitOfTunnel(at));
  return [...seen].toSorted();
}

async function call<Answer>({ sluice }: Stage, method: string, path: string, body?: object): Promise<Answer> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  const answer = await sluice.admin(`/api/v1${path}`, { method, ...init });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as Answer;
}

const proxy = (at: Stage, name: string): Promise<ProxyAnswer> =>
  call(at, 'GET', `/proxies/${encodeURIComponent(name)}`);

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const givenUpAt = performance.now() + 20_000;
  while (!(await isTrue())) {
    assert.ok(performance.now() < givenUpAt, `never came to pass: ${what}`);
    await pause(20);
  }
}

async function metric({ sluice }: Stage, series: string): Promise<number> {
  const lines = (await (await fetch(`${sluice.address('metrics')}/metrics`)).text()).split('\n');
  return Number(lines.find((line) => line.startsWith(`${series} `))?.split(' ')[1] ?? Number.NaN);
}

/** A tunnel to a server that echoes. */
async function tunnel(t: TestContext, { sluice }: Stage): Promise<net.Socket> {
  const origin = await rawOrigin(t, (socket) => void socket.pipe(socket));
  const { host } = new URL(origin);
  const client = net.connect(Number(new URL(sluice.address('egress')).port), '127.0.0.1');
  t.after(() => client.destroy());
  client.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [answer] = (await once(client, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
  return client;
}

async function echo(client: net.Socket, words: string): Promise<string> {
  client.write(words);
  const [answer] = (await once(client, 'data')) as [Buffer];
  return answer.toString();
}

describe('the proxies of a hop, through the admin API', () => {
  test('join, are disabled, enabled and removed, at once and on all threads', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const at = await stage(t, first);
    assert.deepEqual(await exitsOf(at, 4), ['exits/first']);
    const added = await call<ProxyAnswer>(at, 'POST', '/proxies', { hop: 'exits', id: 'second', url: urlOf(second) });
    assert.deepEqual([added.id, added.changed], ['exits/second', 'until_restart']);
    assert.deepEqual(await exitsOf(at, 24), ['exits/first', 'exits/second']);
    await call(at, 'PATCH', '/proxies/exits%2Ffirst', { enabled: false });
    assert.deepEqual(await exitsOf(at, 12), ['exits/second']);
    const stats = await call<StatsAnswer>(at, 'GET', '/stats');
    assert.deepEqual([stats.healthy_proxies, stats.unhealthy_proxies], [1, 0]);
    await call(at, 'PATCH', '/proxies/exits%2Ffirst', { enabled: true, weight: 3 });
    assert.deepEqual(await exitsOf(at, 24), ['exits/first', 'exits/second']);
    const uses = (await proxy(at, 'exits/second')).stats.total_requests;
    assert.ok(uses > 12);
    assert.equal(await metric(at, 'sluice_upstream_uses_total{pool="exits",upstream="exits/second"}'), uses);
    assert.equal(await metric(at, 'sluice_pool_members{pool="exits",state="up"}'), 2);
    await call(at, 'DELETE', '/proxies/exits%2Fsecond');
    assert.deepEqual(await exitsOf(at, 12), ['exits/first']);
    assert.equal(await metric(at, 'sluice_upstream_uses_total{pool="exits",upstream="exits/second"}'), Number.NaN);
  });

  test('are removed without cutting what they carry', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const at = await stage(t, first);
    const client = await tunnel(t, at);
    assert.equal(await echo(client, 'before'), 'before');
    const { connections } = await call<ConnectionsAnswer>(at, 'GET', '/connections');
    const own = connections.find(({ protocol }) => protocol === 'tunnel');
    assert.deepEqual(
      [own?.door, own?.exit, own?.method, own?.destination?.startsWith('127.0.0.1:'), own?.bytes_received !== null],
      ['egress', 'exits/first', 'CONNECT', true, true],
    );
    assert.ok((own?.bytes_sent ?? 0) > 6 && (own?.age_ms ?? -1) >= 0);
    await call(at, 'POST', '/proxies', { hop: 'exits', id: 'second', url: urlOf(second) });
    const removed = await call<{ active: number }>(at, 'DELETE', '/proxies/exits%2Ffirst');
    assert.equal(removed.active, 1);
    assert.equal(await echo(client, 'after'), 'after');
    assert.deepEqual(await exitsOf(at, 8), ['exits/second']);
    assert.equal(await echo(client, 'still'), 'still');
    client.destroy();
  });

  test('are drained: nothing new comes to them', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const at = await stage(t, first);
    await call(at, 'POST', '/proxies', { hop: 'exits', id: 'second', url: urlOf(second) });
    const drained = await call<ProxyAnswer>(at, 'PATCH', '/proxies/exits%2Ffirst', { draining: true });
    assert.deepEqual([drained.enabled, drained.draining, drained.obstacle], [true, true, 'draining']);
    assert.deepEqual(await exitsOf(at, 12), ['exits/second']);
    assert.equal(await metric(at, 'sluice_pool_members{pool="exits",state="draining"}'), 1);
  });

  test('are found dead and alive again by the checks, and by a test that is asked for', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const health = 'health: { url: "ORIGIN/up", interval: 100ms, timeout: 5s, unhealthy_after: 2, healthy_after: 1 }';
    const at = await stage(t, first, health);
    await call(at, 'POST', '/proxies', { hop: 'exits', id: 'second', url: urlOf(second) });
    const healthOf = async (name: string): Promise<string> => (await proxy(at, name)).health;
    await until('that both are well', async () => {
      return (await healthOf('exits/first')) === 'healthy' && (await healthOf('exits/second')) === 'healthy';
    });
    await second.apply({ egress: { rules: [{ match: { host: '*' }, action: 'deny' }] } });
    await until('that one is found dead', async () => (await healthOf('exits/second')) === 'unhealthy');
    assert.equal(await metric(at, 'sluice_upstream_up{pool="exits",upstream="exits/second"}'), 0);
    assert.deepEqual(await exitsOf(at, 12), ['exits/first']);
    const stats = await call<StatsAnswer>(at, 'GET', '/stats');
    assert.deepEqual([stats.healthy_proxies, stats.unhealthy_proxies], [1, 1]);
    const failed = await call<{ passed: boolean; error: string }>(at, 'POST', '/proxies/exits%2Fsecond/test');
    assert.deepEqual([failed.passed, failed.error], [false, 'upstream_unavailable']);
    await second.apply({ egress: {} });
    await until('that it is found alive', async () => (await healthOf('exits/second')) === 'healthy');
    assert.deepEqual(await exitsOf(at, 24), ['exits/first', 'exits/second']);
  });

  test('are told in metrics that Prometheus finds nothing wrong with', async (t) => {
    const promtool = requirePeer(t, 'promtool');
    if (promtool === undefined) return;
    const at = await stage(t, await exit(t), 'breaker: { failures: 1 }');
    await call(at, 'POST', '/proxies', { hop: 'exits', id: 'dead', url: 'http://127.0.0.1:1' });
    await exitsOf(at, 12);
    const metrics = await (await fetch(`${at.sluice.address('metrics')}/metrics`)).text();
    for (const family of [
      'sluice_upstream_failures_total',
      'sluice_upstream_ejections_total',
      'sluice_rotation_total',
    ]) {
      assert.match(metrics, new RegExp(`^${family}\\{[^}]*pool="exits"`, 'm'));
    }
    assert.match(metrics, /^sluice_breaker_state\{pool="exits",upstream="exits\/dead"\} 2$/m);
    const checked = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
    assert.deepEqual([checked.status, checked.stderr], [0, '']);
  });

  test('stay changed after a restart where that is asked for', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const at = await stage(t, first);
    const wish = { hop: 'exits', id: 'second', url: urlOf(second) };
    await call(at, 'POST', '/proxies', { ...wish, persist: true });
    await call(at, 'POST', '/proxies', { ...wish, id: 'third' });
    await call(at, 'DELETE', '/proxies/exits%2Ffirst?persist=true');
    at.sluice.signal('SIGTERM');
    await at.sluice.ended;
    const again = { ...at, sluice: await startSluice(t, { folder: at.sluice.folder }) };
    const { proxies } = await call<ProxiesAnswer>(again, 'GET', '/proxies');
    assert.deepEqual(
      proxies.map(({ id, changed }) => [id, changed]),
      [['exits/second', 'kept']],
    );
    assert.deepEqual(await exitsOf(again, 4), ['exits/second']);
    const reloaded = await call<{ changed: string[] }>(again, 'POST', '/reload');
    assert.deepEqual(reloaded.changed, []);
    assert.deepEqual(await exitsOf(again, 4), ['exits/second']);
  });

  test('come and go under load without one failed request', async (t) => {
    const [first, second] = [await exit(t), await exit(t)];
    const at = await stage(t, first);
    const changes = { areOver: false };
    const load = Array.from({ length: 4 }, async () => {
      let count = 0;
      for (; !changes.areOver; count += 1) {
        assert.equal(await fetchThrough(at), 200);
        await exitOfTunnel(at);
      }
      return count;
    });
    for (let round = 0; round < 15; round += 1) {
      await call(at, 'POST', '/proxies', { hop: 'exits', id: 'second', url: urlOf(second) });
      await call(at, 'PATCH', '/proxies/exits%2Fsecond', { weight: 2 });
      await call(at, 'DELETE', '/proxies/exits%2Fsecond');
    }
    changes.areOver = true;
    const counts = await Promise.all(load);
    assert.ok(counts.every((count) => count > 0));
  });
});
