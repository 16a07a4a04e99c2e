import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TOKEN } from '../../test/support/admin-desk.ts';
import { runAdmin } from '../../test/support/running-admin.ts';
import { findRunningFile, writeRunningFile } from '../runtime/running-file.ts';
import { findDaemon } from './find-daemon.ts';

const STATUS = '/api/v1/status';

describe('the Sluice that a command talks to', () => {
  test('is the one with the same data directory, by the token that it has left there', async (t) => {
    const { env, folder } = await runAdmin(t);
    const client = await findDaemon({ env, cwd: folder });
    assert.equal((await client.get<{ pid: number }>(STATUS)).pid, 7);
  });

  test('is nobody when none has left anything there', async (t) => {
    const { folder } = await runAdmin(t);
    const env = { SLUICE_PROCESS__DATA_DIR: join(folder, 'other') };
    await assert.rejects(findDaemon({ env, cwd: folder }), {
      code: 'daemon_unreachable',
      message: /No Sluice runs with the data directory .*other\. Start one with: sluice up/,
    });
  });

  test('cannot be asked without an admin door', async (t) => {
    const { env, folder } = await runAdmin(t);
    writeRunningFile(folder, { ...findRunningFile(folder)!, doors: [] });
    await assert.rejects(findDaemon({ env, cwd: folder }), {
      code: 'daemon_unreachable',
      message: `The Sluice with the process id ${process.pid} has no admin door: admin.listen is null.`,
    });
  });

  test('is found in the data directory of the config that is named', async (t) => {
    const { folder } = await runAdmin(t);
    writeFileSync(join(folder, 'a.yaml'), 'process: { data_dir: . }');
    await (await findDaemon({ env: {}, cwd: folder }, ['a.yaml'])).get(STATUS);
  });

  test('is found although the config has just been broken', async (t) => {
    const { env, folder } = await runAdmin(t);
    writeFileSync(join(folder, 'sluice.yaml'), 'log: {');
    await (await findDaemon({ env, cwd: folder })).get(STATUS);
    const elsewhere = { SLUICE_PROCESS__DATA_DIR: join(folder, 'other') };
    await assert.rejects(findDaemon({ env: elsewhere, cwd: folder }), { code: 'config_invalid' });
  });

  test('is the one at SLUICE_ADMIN_URL, with the token of a file or of the config', async (t) => {
    const { address, folder } = await runAdmin(t);
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    const env = { SLUICE_ADMIN_URL: address };
    await (await findDaemon({ env: { ...env, SLUICE_TOKEN_FILE: 'token' }, cwd: folder })).get(STATUS);
    await (await findDaemon({ env: { ...env, SLUICE_ADMIN__TOKEN: TOKEN }, cwd: folder })).get(STATUS);
    const withoutToken = await findDaemon({ env, cwd: folder });
    await assert.rejects(withoutToken.get(STATUS), { code: 'unauthorized' });
    await assert.rejects(findDaemon({ env: { ...env, SLUICE_TOKEN_FILE: 'absent' }, cwd: folder }), {
      code: 'config_invalid',
    });
  });
});
