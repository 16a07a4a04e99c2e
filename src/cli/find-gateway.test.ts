import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { writeRunningFile } from '../runtime/running-file.ts';
import { findGateway } from './find-gateway.ts';

describe('the gateway of a command', () => {
  test('is the one that is named, with a token from the environment or a file', async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, 'token'), 'of-file\n');
    const env = { SLUICE_URL: 'https://gw.test:1/', SLUICE_TOKEN: 'of-env' };
    assert.deepEqual(await findGateway({ env, cwd }, {}), {
      url: 'https://gw.test:1',
      socketPath: null,
      token: 'of-env',
    });
    const { url, token } = await findGateway({ env, cwd }, { url: 'http://0.0.0.0:2', tokenFile: 'token' });
    assert.deepEqual([url, token], ['http://127.0.0.1:2', 'of-file']);
    const { socketPath } = await findGateway({ env: {}, cwd }, { url: 'unix:/run/gw.sock' });
    assert.equal(socketPath, '/run/gw.sock');
  });

  test('is else that of the Sluice which runs', async (t) => {
    const cwd = temporaryFolder(t);
    const env = { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd };
    await assert.rejects(findGateway({ env, cwd }, {}), { code: 'daemon_unreachable' });
    const running = {
      schema: 'sluice.running/v1',
      pid: process.pid,
      version: '1',
      started_at: '',
      token: 'x',
    } as const;
    writeRunningFile(cwd, { ...running, doors: [] });
    await assert.rejects(findGateway({ env, cwd }, {}), { message: /has no gateway/ });
    writeRunningFile(cwd, { ...running, doors: [{ name: 'gateway', address: 'http://127.0.0.1:3' }] });
    assert.equal((await findGateway({ env, cwd }, {})).url, 'http://127.0.0.1:3');
  });

  test('is refused when it is none', async (t) => {
    const context = { env: {}, cwd: temporaryFolder(t) };
    for (const url of ['gw', 'ftp://gw', '']) await assert.rejects(findGateway(context, { url }), { code: 'usage' });
    await assert.rejects(findGateway(context, { url: 'http://a', tokenFile: 'nowhere' }), { code: 'usage' });
  });
});
