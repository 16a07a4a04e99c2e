import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { tunnelDesk } from '../../../test/support/tunnel-desk.ts';

const server = { enabled: true, listen: '127.0.0.1:0' };

// What clients and visitors see of it is in test/e2e/tunnels.test.ts.
test('it opens nothing and writes nothing while it is off, and leaves nothing when it is closed', async (t) => {
  const dataDir = temporaryFolder(t);
  const desk = tunnelDesk({ dataDir });
  await desk.apply(configOf({}));
  assert.deepEqual(
    [desk.doors(), existsSync(join(dataDir, 'tunnels.db')), existsSync(desk.socketPath)],
    [[], false, false],
  );
  await desk.apply(configOf({ tunnels: { server } }));
  assert.deepEqual([existsSync(join(dataDir, 'tunnels.db')), existsSync(desk.socketPath)], [true, true]);
  await desk.close();
  assert.deepEqual([desk.doors(), existsSync(desk.socketPath)], [[], false]);
});

test('it moves to another address with a reload, and stays where it was when that is taken', async (t) => {
  const [desk, other] = [tunnelDesk({ dataDir: temporaryFolder(t) }), tunnelDesk({ dataDir: temporaryFolder(t) })];
  t.after(() => Promise.all([desk.close(), other.close()]));
  await desk.apply(configOf({ tunnels: { server } }));
  await other.apply(configOf({ tunnels: { server } }));
  const [before, taken] = [desk.doors()[0]?.address ?? '', other.doors()[0]?.address ?? ''];
  const listen = taken.replace('http://', '');
  await assert.rejects(desk.apply(configOf({ tunnels: { server: { ...server, listen } } })), { code: 'listen_failed' });
  assert.equal((await ask(`${before}/api/v1/ws/tunnel`)).status, 426);
  await other.close();
  await desk.apply(configOf({ tunnels: { server: { ...server, listen } } }));
  assert.deepEqual([desk.doors()[0]?.address, (await ask(`${taken}/api/v1/users/me`)).status], [taken, 401]);
});
