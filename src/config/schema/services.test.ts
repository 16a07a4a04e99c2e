import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheSchema, execSchema } from './services.ts';

test('the store of the cache has the promised defaults', () => {
  assert.deepEqual(cacheSchema.parse({}), {
    max_memory: 256_000_000,
    default_ttl: 300_000,
    disk: null,
    state_timeout: 50,
  });
  assert.deepEqual(cacheSchema.parse({ disk: { path: '/var/cache' } }).disk, {
    path: '/var/cache',
    max: 1_000_000_000,
  });
  assert.throws(() => cacheSchema.parse({ disk: { max: '1GB' } }));
});

test('commands are off, and only absolute paths may be allowed', () => {
  assert.deepEqual(execSchema.parse({}), {
    enabled: false,
    allowed_commands: [],
    max_concurrent: 10,
    timeout: 60_000,
    max_output: 10_485_760,
    env: [],
    workspace: '.',
    max_queued: 100,
    queue_timeout: 30_000,
    heartbeat: 15_000,
    allowed_hosts: [],
  });
  assert.ok(execSchema.safeParse({ allowed_commands: ['/usr/bin/env'], env: ['A_1'] }).success);
  for (const wrong of [
    { allowed_commands: ['env'] },
    { allowed_commands: ['./env'] },
    { env: ['A=1'] },
    { env: [''] },
  ]) {
    assert.ok(!execSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
