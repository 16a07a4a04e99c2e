import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { RUN_MARK } from './process-table.ts';
import { forgetInstance, recordInstance, sweepLeftovers } from './run-ledger.ts';

describe('the ledger of runs', { skip: process.platform !== 'linux' }, () => {
  test('leads the next start to what one that was killed has left', async (t) => {
    const folder = temporaryFolder(t);
    const left = spawn('/bin/sleep', ['1000'], { env: { [RUN_MARK]: 'gone-3' }, stdio: 'ignore' });
    const exit = once(left, 'exit');
    for (const owner of [JSON.stringify({ pid: process.pid, startTicks: 1 }), '{}', 'not a record']) {
      writeFileSync(join(folder, 'gone.run'), owner);
      assert.equal(await sweepLeftovers(folder), owner.startsWith('{"pid') ? 1 : 0);
    }
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual((await exit)[1], 'SIGKILL');
  });

  test('keeps those whose owner is there', async (t) => {
    const folder = join(temporaryFolder(t), 'new');
    assert.equal(await sweepLeftovers(folder), 0);
    const file = recordInstance(folder, 'mine');
    assert.equal(await sweepLeftovers(folder), 0);
    assert.deepEqual(readdirSync(folder), ['mine.run']);
    forgetInstance(file);
    assert.deepEqual(readdirSync(folder), []);
  });
});
