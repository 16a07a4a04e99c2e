import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { UsageRow } from './usage-row.ts';
import { WaitingFile } from './waiting-file.ts';

const NAMES = { provider: 'claude', user: 'ann', account: '', model: 'm-1', session: '' };
const ROW: UsageRow = { atMs: 5, ...NAMES, isKnown: true, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };

describe('the file of what waits', () => {
  test('gives back what was put in, in its order, also after a restart', (t) => {
    const path = join(temporaryFolder(t), 'data', 'waiting.db');
    const first = new WaitingFile({ path });
    assert.equal(first.first(), null);
    assert.equal(existsSync(path), false);
    first.put({ id: 'a', rows: [ROW, { ...ROW, isCached: true }] });
    first.put({ id: 'b', rows: [ROW] });
    assert.equal(first.rows, 3);
    first.close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const second = new WaitingFile({ path });
    assert.equal(second.rows, 3);
    const batch = second.first();
    assert.partialDeepStrictEqual(batch, { id: 'a', rows: [ROW, { ...ROW, isCached: true }] });
    assert.ok(batch !== null);
    second.remove(batch);
    assert.deepEqual([second.first()?.id, second.rows], ['b', 1]);
    second.close();
  });

  test('has an end', (t) => {
    const file = new WaitingFile({ path: join(temporaryFolder(t), 'waiting.db'), maxRows: 3 });
    file.put({ id: 'a', rows: [ROW, ROW] });
    assert.throws(() => file.put({ id: 'b', rows: [ROW, ROW] }), /no more than 3 can wait/);
    file.put({ id: 'c', rows: [ROW] });
    assert.equal(file.rows, 3);
    file.close();
  });
});
