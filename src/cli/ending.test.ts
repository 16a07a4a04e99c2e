import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { AdminClient } from '../control/admin-client.ts';
import { HANDOVER_PATH } from '../control/handover-door.ts';
import type { ProgramTelemetry } from '../runtime/assemble/program-telemetry.ts';
import type { Sluice, StopResult } from '../runtime/sluice.ts';
import { Ending } from './ending.ts';

interface Stage {
  readonly ending: Ending;
  readonly said: string[];
  readonly folder: string;
}

function stage(t: TestContext, cutConnections = 0): Stage {
  const said: string[] = [];
  const folder = temporaryFolder(t);
  const log = new Proxy({}, { get: () => (_fields: unknown, message: string) => void said.push(message) });
  const stopped: Promise<StopResult> = Promise.resolve({ cutConnections });
  const sluice = {
    state: 'ready',
    loaded: { config: { process: { data_dir: folder, shutdown_grace: 1, shutdown_delay: 0 } } },
    drain: () => stopped,
    handOver: () => Promise.resolve({ stopped }),
    force: () => said.push('forced'),
  } as unknown as Sluice;
  const telemetry = { log, noteFault: () => {} } as unknown as ProgramTelemetry;
  const options = { onReload: () => said.push('reload'), onStop: () => said.push('stop'), isReplaceable: false };
  const ending = new Ending(sluice, telemetry, options);
  t.after(() => ending.release());
  return { ending, said, folder };
}

test('a signal ends it, and the exit code says whether something was cut', async (t) => {
  const { ending, said } = stage(t, 1);
  process.emit('SIGHUP', 'SIGHUP');
  process.emit('SIGTERM', 'SIGTERM');
  assert.equal(await ending.exitCode, 8);
  assert.deepEqual(said, ['reload', 'stopping: what runs may finish, a second signal cuts it', 'stop', 'stopped']);
});

test('so does another one that takes its place', { skip: process.platform !== 'linux' }, async (t) => {
  const { ending, said, folder } = stage(t);
  await ending.allowHandover('token');
  await new AdminClient({ address: ending.handoverAddress ?? '', token: 'token' }).post(HANDOVER_PATH);
  assert.equal(await ending.exitCode, 0);
  assert.deepEqual(said, ['another Sluice has taken over: what runs here may finish', 'stopped']);
  await ending.release();
  assert.equal(existsSync(join(folder, `handover-${process.pid}.sock`)), false);
});
