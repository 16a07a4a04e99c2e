import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { marked, shell, until } from '../../../test/support/run-rig.ts';
import { readProcess } from './process-table.ts';
import { signalIfThere, sweep, sweepMarked } from './sweep.ts';

describe('a sweep', { skip: process.platform !== 'linux' }, () => {
  test('kills all of a run, also what goes on starting things', async (t) => {
    const ran = shell(
      t,
      'for i in 1 2 3; do (setsid sh -c "while :; do sleep 0.01; done" &); done; echo ready; sleep 1000',
    );
    await ran.says('ready');
    const { id, pid } = ran.run;
    const { killed, left } = await sweep([{ id, pid, startTicks: readProcess(pid)?.startTicks ?? 0 }]);
    assert.ok(killed >= 4);
    assert.equal(left, 0);
    assert.deepEqual(marked(id), []);
    assert.equal((await ran.ended).signal, 'SIGKILL');
  });

  test('finds by the beginning of the mark what nobody else knows of', async (t) => {
    const ran = shell(t, '(setsid sleep 1000 &); echo ready; sleep 1000');
    await ran.says('ready');
    await until(() => marked(ran.run.id).length === 3);
    assert.equal((await sweepMarked(ran.run.id.slice(0, -1))).killed, 3);
    assert.deepEqual(await sweepMarked('nobody-'), { killed: 0, left: 0 });
  });

  test('says whether anybody was there for a signal', () => {
    assert.equal(signalIfThere(2 ** 30, 'SIGTERM'), false);
  });
});
