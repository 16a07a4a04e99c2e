import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { changedKeys, keysThatNeedRestart } from './restart-keys.ts';

async function configWith(env: Record<string, string>): Promise<Config> {
  return (await loadConfig({ files: [], env, cwd: process.cwd() })).config;
}

describe('the keys that differ', () => {
  test('are none between two equal configs', async () => {
    assert.deepEqual(changedKeys(await configWith({}), await configWith({})), []);
  });

  test('are named by their path, never with their value', async () => {
    const users = '[{"name":"alice","token":"secret","may":["admin"]}]';
    const after = await configWith({ SLUICE_USERS: users, SLUICE_ADMIN__TOKEN: 'secret', LOG_LEVEL: 'debug' });
    const changed = changedKeys(await configWith({}), { ...after, users: JSON.parse(users) });
    assert.deepEqual(changed, ['log.level', 'admin.token', 'users']);
  });
});

describe('the keys that need a restart', () => {
  test('are those that are read only at the start', async () => {
    const started = await configWith({});
    const env = {
      SLUICE_PROCESS__WORKERS: '2',
      SLUICE_PROCESS__DATA_DIR: '/elsewhere',
      SLUICE_PROCESS__SHUTDOWN_GRACE: '1s',
      SLUICE_ADMIN__LISTEN: '127.0.0.1:1',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'debug',
    };
    assert.deepEqual(keysThatNeedRestart(started, await configWith(env)), [
      'process.workers',
      'process.data_dir',
      'log.format',
      'admin.listen',
    ]);
  });
});
