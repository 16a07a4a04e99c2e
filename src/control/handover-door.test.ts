import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SluiceError } from '../core/errors.ts';
import type { SluiceState } from '../runtime/sluice.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { AdminClient } from './admin-client.ts';
import { HANDOVER_PATH, handoverAddress, handoverDoor, type HandoverStatus, sweepHandovers } from './handover-door.ts';

test('a socket in a folder whose name is too long is not tried', () => {
  assert.equal(handoverAddress('/var/lib/sluice', 7), 'unix:/var/lib/sluice/handover-7.sock');
  assert.equal(handoverAddress(`/${'a'.repeat(100)}`, 7), null);
});

test('sockets of programs that are no more are removed', (t) => {
  const folder = temporaryFolder(t);
  // No process has that id.
  const [own, gone, other] = [`handover-${process.pid}.sock`, 'handover-4194305.sock', 'handover-x.sock'] as const;
  for (const name of [own, gone, other]) writeFileSync(join(folder, name), '');
  sweepHandovers(folder);
  assert.deepEqual(readdirSync(folder).toSorted(), [own, other].toSorted());
});

test('a successor who knows the token is told how things are, and takes over', async (t) => {
  let state: SluiceState = 'ready';
  const handOver = (): Promise<void> => {
    if (state !== 'ready') return Promise.reject(new SluiceError('shutting_down'));
    state = 'draining';
    return Promise.resolve();
  };
  const address = handoverAddress(temporaryFolder(t), process.pid) ?? '';
  const door = handoverDoor(address, { runToken: 'right', state: () => state, handOver });
  await door.start();
  t.after(() => door.close());
  const client = new AdminClient({ address, token: 'right' });
  const wrong = new AdminClient({ address, token: 'wrong' });
  const status = await client.get<HandoverStatus>(HANDOVER_PATH);
  assert.deepEqual(status, { pid: process.pid, state: 'ready' });
  await assert.rejects(wrong.post(HANDOVER_PATH), { code: 'unauthorized' });
  await assert.rejects(client.get('/other'), { code: 'not_found' });
  assert.deepEqual(await client.post(HANDOVER_PATH), { pid: process.pid, state: 'draining' });
  await assert.rejects(client.post(HANDOVER_PATH), { code: 'shutting_down' });
});
