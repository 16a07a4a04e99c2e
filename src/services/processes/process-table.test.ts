import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { marked, runIn, runSpec, shell, supervisorFor, until } from '../../../test/support/run-rig.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import {
  findMembers,
  hasUncertain,
  lastGivenPid,
  listProcesses,
  nameOf,
  readPeakMemory,
  readProcess,
  type Traces,
} from './process-table.ts';

const tracesOf = (id: string, pid: number): Traces => ({ id, pid, startTicks: readProcess(pid)?.startTicks ?? 0 });

describe('the table of processes', { skip: process.platform !== 'linux' }, () => {
  test('tells who a process is, though its name is odd', (t) => {
    const file = join(temporaryFolder(t), 'a) R 1 (');
    symlinkSync('/bin/sleep', file);
    const ran = runIn(supervisorFor(t), runSpec(file, ['1000']));
    const own = readProcess(process.pid);
    assert.ok(own && own.parent === process.ppid && own.startTicks > 0);
    const { pid } = ran.run;
    const { parent, group, session, isDead } = readProcess(pid) ?? assert.fail('not there');
    assert.deepEqual(
      { parent, group, session, isDead },
      { parent: process.pid, group: pid, session: pid, isDead: false },
    );
    assert.equal(readProcess(2 ** 30), null);
  });

  test('finds what has left its group, its session and its parent', async (t) => {
    const ran = shell(t, 'setsid sleep 1000 & (setsid sleep 1000 &) ; echo ready; wait');
    await ran.says('ready');
    // They become other programs meanwhile, and show no environment for a moment.
    await until(() => findMembers(tracesOf(ran.run.id, ran.run.pid), listProcesses()).length === 3);
    await until(() => marked(ran.run.id).length === 3);
  });

  test('finds children that have thrown the mark away, by their parents', async (t) => {
    const ran = shell(t, 'env -i setsid sh -c "sleep 1000 & echo ready; wait" & wait');
    await ran.says('ready');
    const found = findMembers(tracesOf(ran.run.id, ran.run.pid), listProcesses());
    assert.ok(found.length >= 3, JSON.stringify(found));
    ran.run.stop('stopped');
    await ran.ended;
    const names = new Set(found.map(nameOf));
    assert.deepEqual(
      listProcesses().filter((entry) => names.has(nameOf(entry))),
      [],
    );
  });

  test('never takes an older process for a member, nor one of another run', async (t) => {
    const supervisor = supervisorFor(t);
    const spec = runSpec('/bin/sleep', ['1000']);
    const [one, other] = [runIn(supervisor, spec), runIn(supervisor, spec)];
    const table = listProcesses();
    const found = findMembers(tracesOf(one.run.id, one.run.pid), table).map(({ pid }) => pid);
    assert.deepEqual(found, [one.run.pid]);
    // Its number has been given to somebody who was there before.
    const later = { ...tracesOf(other.run.id, other.run.pid), startTicks: Number.MAX_SAFE_INTEGER };
    assert.deepEqual(findMembers(later, table), []);
  });

  test('does not know what shows no environment', async (t) => {
    const ran = shell(t, 'env -i sleep 1000 & echo ready; wait');
    await ran.says('ready');
    const traces = tracesOf(ran.run.id, ran.run.pid);
    await until(() => hasUncertain(traces, listProcesses()));
    assert.equal(hasUncertain({ ...traces, startTicks: Number.MAX_SAFE_INTEGER }, listProcesses()), false);
  });

  test('can be read from a number on, and tells which was given out last', async (t) => {
    const ran = shell(t, 'echo ready; sleep 1000');
    await ran.says('ready');
    const above = listProcesses(ran.run.pid - 1);
    assert.ok(above.some(({ pid }) => pid === ran.run.pid));
    assert.ok(above.every(({ pid }) => pid >= ran.run.pid));
    assert.ok((lastGivenPid() ?? 0) > 0);
  });

  test('tells how much memory a process has had', () => {
    assert.ok((readPeakMemory(process.pid) ?? 0) > 10_000_000);
    assert.equal(readPeakMemory(2 ** 30), null);
  });
});
