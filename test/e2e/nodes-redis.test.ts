// Two nodes of the real program that share a Redis: they know of each other, divide a limit when they cannot ask, and reload together.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConfigAnswer, StatusAnswer } from '../../src/control/admin-answers.ts';
import { Redis } from '../support/redis.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

function node(t: TestContext, redis: Redis, workers: number): Promise<SluiceProcess> {
  const config = `
process: { state: "${redis.url}", workers: ${workers}, data_dir: data }
gateway:
  listen: 127.0.0.1:0
  routes: [{ match: { path: / }, to: { respond: { body: hi } } }]
  policies: { rate_limit: { rate: 1/h, burst: 6, per: { header: x-key } } }
egress: { listen: null }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: 127.0.0.1:0 }
`;
  return startSluice(t, { files: { 'sluice.yaml': config } });
}

async function stateOf(one: SluiceProcess): Promise<StatusAnswer['state_store']> {
  return ((await (await one.admin('/api/v1/status')).json()) as StatusAnswer).state_store;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(50);
}

async function counted(one: SluiceProcess): Promise<number> {
  const metrics = await (await fetch(`${one.address('metrics')}/metrics`)).text();
  return Number(/^sluice_state_operations_total\{use="limits"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

/** Each of its threads has asked again how many nodes there are: nothing else is asked while nobody comes. */
async function untilCounted(one: SluiceProcess): Promise<void> {
  const before = await counted(one);
  await until(async () => (await counted(one)) >= before + 4);
}

/** How many of seven requests are let through. */
async function passed(one: SluiceProcess, key: string): Promise<number> {
  let count = 0;
  for (let index = 0; index < 7; index += 1) {
    const { status } = await fetch(one.address('gateway'), { headers: { 'X-Key': key } });
    assert.ok(status === 200 || status === 429, String(status));
    if (status === 200) count += 1;
  }
  return count;
}

describe('two nodes', { timeout: 60_000 }, () => {
  test('have one limit, and each its part of it while Redis is gone', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const nodes = [await node(t, redis, 1), await node(t, redis, 2)] as const;
    const [one, other] = nodes;
    for (const each of nodes) await until(async () => (await stateOf(each)).nodes === 2);
    const status = await runSluice(t, ['status'], { folder: one.folder });
    assert.match(status.stdout, /reached, shared by 2 nodes$/m);
    // The threads of each have heard of the others as well.
    let shared = 0;
    await until(
      async () => (await passed(one, `a${(shared += 1)}`)) === 6 && (await passed(other, `a${shared}`)) === 0,
    );
    for (const each of nodes) await untilCounted(each);
    await redis.stop();
    await until(
      async () => (await passed(one, `c${(shared += 1)}`)) === 3 && (await passed(other, `c${shared}`)) === 3,
    );
    assert.ok((await stateOf(one)).degraded.includes('limits'));
    const metrics = await (await fetch(`${one.address('metrics')}/metrics`)).text();
    assert.match(metrics, /^sluice_state_degraded\{use="limits"\} 1$/m);
    await redis.start();
    await until(
      async () => (await passed(one, `d${(shared += 1)}`)) === 6 && (await passed(other, `d${shared}`)) === 0,
    );
    await until(async () => (await stateOf(one)).degraded.length === 0);
    assert.deepEqual(one.logged('an exchange failed inside Sluice'), []);
  });

  test('reload together when they are asked to', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = [await node(t, redis, 1), await node(t, redis, 1)];
    for (const each of [one, other]) {
      await until(async () => (await stateOf(each)).nodes === 2);
      appendFileSync(join(each.folder, 'sluice.yaml'), 'log: { level: warn }\n');
    }
    const level = async (): Promise<unknown> => {
      const answer = (await (await other.admin('/api/v1/config')).json()) as { config: ConfigAnswer['config'] };
      return (answer.config as { log?: { level?: unknown } }).log?.level;
    };
    const reload = await runSluice(t, ['reload', '--all-nodes'], { folder: one.folder });
    assert.match(reload.stderr, /changed: log\.level/);
    await until(async () => (await level()) === 'warn');
  });
});
