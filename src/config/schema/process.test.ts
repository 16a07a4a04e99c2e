import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { adminSchema, limitsSchema, logSchema, metricsSchema, processSchema, timeoutsSchema } from './process.ts';

describe('process', () => {
  test('has defaults', () => {
    assert.deepEqual(processSchema.parse(undefined), {
      workers: 1,
      state: 'embedded',
      node: null,
      data_dir: '~/.sluice',
      shutdown_grace: 30_000,
      shutdown_delay: 0,
    });
  });

  test('takes a number of threads or auto, and a Redis server', () => {
    assert.equal(processSchema.parse({ workers: 'auto' }).workers, 'auto');
    const several = ['redis+sentinel://:p@a,b:1/main/2', 'rediss+cluster://a,b:7000'];
    for (const state of [
      ...several,
      'rediss://a:1/0',
      'redis://a',
      'redis://user:p%40ss@[::1]:6379/12',
      'redis://:pass@a/',
    ]) {
      assert.equal(processSchema.parse({ state }).state, state);
    }
    for (const wrong of [
      { workers: 0 },
      { workers: 1.5 },
      { workers: 257 },
      { state: 'http://a' },
      { state: 'redis://' },
      { state: 'redis://a/db' },
      { state: 'redis://a/0?x=1' },
      { state: 'redis://a:99999/0' },
    ]) {
      assert.ok(!processSchema.safeParse(wrong).success, JSON.stringify(wrong));
    }
  });

  test('may cut at once', () => assert.equal(processSchema.parse({ shutdown_grace: '0s' }).shutdown_grace, 0));
});

describe('log', () => {
  test('takes true for JSON lines in the access log', () => {
    const access = [true, false, 'common', 'combined', undefined].map(
      (value) => logSchema.parse({ access: value }).access,
    );
    assert.deepEqual(access, ['json', false, 'common', 'combined', 'json']);
  });

  test('knows its levels and formats', () => {
    assert.ok(!logSchema.safeParse({ level: 'INFO' }).success);
    assert.ok(!logSchema.safeParse({ format: 'text' }).success);
  });
});

test('a door may be closed', () => {
  assert.equal(adminSchema.parse({ listen: null }).listen, null);
  assert.equal(metricsSchema.parse({ listen: null }).listen, null);
});

test('the path of the metrics is a path', () => {
  assert.equal(metricsSchema.parse({}).path, '/metrics');
  assert.ok(!metricsSchema.safeParse({ path: 'metrics' }).success);
  assert.ok(!metricsSchema.safeParse({ path: '/m?x' }).success);
});

test('limits and timeouts have the promised defaults', () => {
  assert.deepEqual(limitsSchema.parse({}), {
    url: 8192,
    headers: 16_384,
    header_count: 100,
    body: 10_485_760,
    connections: 10_000,
  });
  assert.deepEqual(timeoutsSchema.parse({}), {
    connect: 10_000,
    headers: 15_000,
    read: 30_000,
    write: 30_000,
    idle: 120_000,
    tunnel_idle: 3_600_000,
  });
});

test('unknown keys are refused', () => {
  for (const schema of [processSchema, logSchema, adminSchema, metricsSchema, limitsSchema, timeoutsSchema]) {
    assert.ok(!schema.safeParse({ colour: 1 }).success);
  }
});
