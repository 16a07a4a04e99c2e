import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { handoverAddress, handoverDoor } from '../control/handover-door.ts';
import { type RunningFile, writeRunningFile } from '../runtime/running-file.ts';
import type { SluiceState } from '../runtime/sluice.ts';
import { findPredecessor } from './predecessor.ts';

const skip = process.platform === 'linux' ? false : 'ports are shared on Linux only';

/** Another process, of which a file in the folder tells that it is a Sluice. */
function beside(t: TestContext, folder: string, handover?: string): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const file: RunningFile = {
    schema: 'sluice.running/v1',
    pid: child.pid ?? 0,
    version: '0.0.1',
    started_at: '',
    doors: [],
    token: 'token',
  };
  writeRunningFile(folder, handover === undefined ? file : { ...file, handover });
  return child;
}

test('nobody is found where nobody runs', { skip }, async (t) => {
  assert.equal(await findPredecessor(temporaryFolder(t)), null);
});

test('one that cannot be replaced, or not now, is told of', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  beside(t, folder);
  await assert.rejects(findPredecessor(folder), { code: 'takeover_failed', message: /stop it, then start this one/ });
  beside(t, folder, `unix:${folder}/none.sock`);
  await assert.rejects(findPredecessor(folder), { code: 'takeover_failed', message: /did not let itself be replaced/ });
});

test('it lets go once it is asked to, and its end is noticed', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const address = handoverAddress(folder, process.pid) ?? '';
  let state: SluiceState = 'starting';
  const handOver = (): Promise<void> => {
    state = 'draining';
    return Promise.resolve();
  };
  const door = handoverDoor(address, { runToken: 'token', state: () => state, handOver });
  await door.start();
  t.after(() => door.close());
  const child = beside(t, folder, address);
  await assert.rejects(findPredecessor(folder), { message: /it has not started yet/ });
  state = 'ready';
  const predecessor = await findPredecessor(folder);
  assert.deepEqual([predecessor?.pid, predecessor?.version], [child.pid, '0.0.1']);
  assert.equal(await predecessor?.letGo(), true);
  await assert.rejects(findPredecessor(folder), { message: /it is being replaced, or is stopping/ });
  const gone = Promise.withResolvers<void>();
  predecessor?.whenGone(gone.resolve);
  // What is awaited keeps nothing running by itself.
  const keepAlive = setInterval(() => {}, 1_000);
  child.kill('SIGKILL');
  await gone.promise;
  clearInterval(keepAlive);
  await door.close();
  assert.equal(await predecessor?.letGo(), false);
});
