import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { usageBookIn } from './usage-book-in.ts';

test('a book leaves nothing in the data folder before there is something to keep', (t) => {
  const folder = temporaryFolder(t);
  const book = usageBookIn(folder, { error: () => {} });
  assert.deepEqual(book.sums({ fromMs: 0, toMs: 1, by: [] }), []);
  assert.deepEqual(readdirSync(folder), []);
  const names = { provider: 'claude', user: '', account: '', model: '', session: '' };
  book.note({ atMs: 0, ...names, isKnown: false, input: 0, output: 0, cacheRead: 0, cacheWrite: 0 });
  book.close();
  assert.deepEqual(readdirSync(folder), ['usage.db']);
});
