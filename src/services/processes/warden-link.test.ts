import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { marked, runIn, runSpec, supervisorFor, until } from '../../../test/support/run-rig.ts';
import { readProcess } from './process-table.ts';
import { WardenLink } from './warden-link.ts';

describe('the link to the warden', { skip: process.platform !== 'linux' }, () => {
  test('sweeps up without one when it has died, and employs another', async (t) => {
    const supervisor = supervisorFor(t);
    const lasting = runIn(
      supervisor,
      runSpec('/bin/sh', ['-c', 'read x; setsid sleep 1000 >/dev/null 2>&1 &'], { stdin: 'open' }),
    );
    const first = supervisor.wardenPid!;
    process.kill(first, 'SIGKILL');
    await until(() => readProcess(first) === null);
    lasting.run.endInput();
    await lasting.ended;
    assert.deepEqual(marked(lasting.run.id), []);
  });

  test('answers a run that has never started', async () => {
    const link = new WardenLink('own', null);
    const run = { id: 'never-1', pid: 0, startTicks: 0 };
    assert.equal(link.pid, null);
    await new Promise<void>((resolve) => link.sweep(run, resolve));
    link.begin(run);
    assert.ok(link.pid);
    await new Promise<void>((resolve) => link.kill(run, resolve));
    await new Promise<void>((resolve) => link.sweep(run, resolve));
    link.close();
  });
});
