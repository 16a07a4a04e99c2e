import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { marked, runIn, runSpec, supervisorFor } from '../../../test/support/run-rig.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ProcessSupervisor } from './process-supervisor.ts';

describe('the supervisor', () => {
  test('gives each run a name of its own and knows how many there are', async (t) => {
    const supervisor = supervisorFor(t);
    assert.equal(supervisor.wardenPid, null);
    const [one, other] = [1, 2].map(() => runIn(supervisor, runSpec('/bin/sh', ['-c', 'read x'], { stdin: 'open' })));
    assert.notEqual(one!.run.id, other!.run.id);
    assert.equal(supervisor.running, 2);
    for (const { run, ended } of [one!, other!]) {
      run.endInput();
      await ended;
    }
    assert.equal(supervisor.running, 0);
  });

  test('stops all that runs when it is closed, and waits for it', async (t) => {
    const supervisor = supervisorFor(t);
    const deaf = ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.01; done'];
    const all = [1, 2, 3].map(() => runIn(supervisor, runSpec('/bin/sh', deaf)));
    for (const { says } of all) await says('ready');
    await supervisor.close();
    for (const { run, ended } of all) {
      assert.equal((await ended).reason, 'stopped');
      assert.deepEqual(marked(run.id), []);
    }
    await supervisor.close();
  });

  test('says when it cannot record its runs, and runs them all the same', async (t) => {
    const errors: Error[] = [];
    const onLedgerError = (error: Error): void => void errors.push(error);
    const supervisor = new ProcessSupervisor({ ledgerFolder: '/etc/passwd/runs', onLedgerError });
    t.after(() => supervisor.close());
    assert.equal((await runIn(supervisor, runSpec('/bin/true', [])).ended).code, 0);
    assert.equal(errors.length, 1);
    assert.equal(await supervisor.recover(), 0);
  });

  test('records itself when there is something to record', async (t) => {
    const folder = join(temporaryFolder(t), 'runs');
    const supervisor = supervisorFor(t, folder);
    assert.equal(await supervisor.recover(), 0);
    await runIn(supervisor, runSpec('/bin/true', [])).ended;
    assert.equal(readdirSync(folder).length, 1);
    // Its own runs are nobody's leftovers.
    assert.equal(await supervisorFor(t, folder).recover(), 0);
    assert.equal(readdirSync(folder).length, 1);
  });
});
