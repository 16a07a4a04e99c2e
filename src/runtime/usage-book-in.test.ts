import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { UsageRecord } from '../services/usage/usage-record.ts';
import { usageBookIn } from './usage-book-in.ts';

const QUIET = { error: () => {}, warn: () => {}, info: () => {} };
const NAMES = { provider: 'claude', user: '', account: '', model: '', session: '' };
const RECORD: UsageRecord = { atMs: 0, ...NAMES, isKnown: false, input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

describe('a book in the data folder', () => {
  test('leaves nothing there before there is something to keep', async (t) => {
    const folder = temporaryFolder(t);
    const book = usageBookIn({ state: 'embedded', data_dir: folder }, QUIET);
    assert.deepEqual(await book.sums({ fromMs: 0, toMs: 1, by: [] }), []);
    assert.deepEqual(readdirSync(folder), []);
    book.note(RECORD);
    await book.close();
    assert.deepEqual(readdirSync(folder), ['usage.db']);
    assert.equal(book.state().server, null);
  });

  test('keeps there what Redis does not take', async (t) => {
    const folder = temporaryFolder(t);
    const warned: unknown[] = [];
    const logger = { ...QUIET, warn: (...given: unknown[]) => void warned.push(given[1]) };
    // A port that nobody listens on.
    const book = usageBookIn({ state: 'redis://user:secret@127.0.0.1:1/0', data_dir: folder }, logger);
    book.note(RECORD);
    await assert.rejects(book.sums({ fromMs: 0, toMs: 1, by: [] }), { code: 'state_unavailable' });
    assert.deepEqual(book.state(), { server: 'redis://127.0.0.1:1', isUp: false, waitingRows: 1, lostRows: 0 });
    await book.close();
    assert.deepEqual(readdirSync(folder), ['usage-waiting.db']);
    assert.deepEqual(warned, [
      'Redis of process.state is not reached',
      'what is used of AI providers waits on this machine until Redis takes it',
    ]);
  });
});
