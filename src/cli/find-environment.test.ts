import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runAdmin, withDoors } from '../../test/support/running-admin.ts';
import { findEnvironment } from './find-environment.ts';

const EGRESS = { name: 'egress', address: 'http://127.0.0.1:8888', openConnections: 0 } as const;
const USERS = 'users: [{ name: jo, token: correct-horse-battery, may: [egress] }, { name: al, token_sha256: "';

describe('the environment of the Sluice that runs', () => {
  test('has its forward proxy, with a user of the config', async (t) => {
    const admin = await runAdmin(t);
    withDoors(admin, [EGRESS]);
    writeFileSync(join(admin.folder, 'sluice.yaml'), `${USERS}${'0'.repeat(64)}", may: [egress] }]\n`);
    const cli = admin.cli();
    assert.equal((await findEnvironment(cli, {}))['HTTP_PROXY'], EGRESS.address);
    const { HTTPS_PROXY } = await findEnvironment(cli, { user: 'jo' });
    assert.equal(HTTPS_PROXY, 'http://jo:correct-horse-battery@127.0.0.1:8888');
    await assert.rejects(findEnvironment(cli, { user: 'eve' }), { code: 'usage', message: /no user "eve"/ });
    await assert.rejects(findEnvironment(cli, { user: 'al' }), { code: 'usage', message: /only the hash/ });
    assert.equal(cli.err, '');
  });

  test('says when the proxy asks for a user', async (t) => {
    const admin = await runAdmin(t, { SLUICE_EGRESS__AUTH: 'users' });
    withDoors(admin, [EGRESS]);
    const cli = admin.cli();
    await findEnvironment(cli, {});
    assert.match(cli.err, /asks who you are.*--user/);
  });

  test('has the providers of the gateway when AI is on', async (t) => {
    const admin = await runAdmin(t, { SLUICE_AI__ENABLED: 'true' });
    withDoors(admin, [{ name: 'gateway', address: 'http://0.0.0.0:8080', openConnections: 0 }]);
    assert.deepEqual(await findEnvironment(admin.cli(), {}), {
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:8080/claude',
      OPENAI_BASE_URL: 'http://127.0.0.1:8080/chatgpt/v1',
    });
  });
});
