import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { openDataFile } from './data-file.ts';
import { RowCopy } from './row-copy.ts';

test('rows, and how far a table was read, outlive the process; tables do not see each other', (t) => {
  const path = join(temporaryFolder(t), 'copy.db');
  const first = openDataFile(path, () => {});
  const copy = new RowCopy(first, 'one');
  assert.equal(copy.seen(), null);
  copy.put({ key: 'a', text: '1 x', isKnown: true });
  copy.put({ key: 'b', text: '1 y', isKnown: false });
  copy.see({ age: 'g', place: 7, key: 'b' });
  first.close();
  const database = openDataFile(path, () => {});
  t.after(() => database.close());
  const again = new RowCopy(database, 'one');
  assert.deepEqual(again.seen(), { age: 'g', place: 7, key: 'b' });
  assert.deepEqual(again.find('a'), { key: 'a', text: '1 x', isKnown: true });
  assert.deepEqual(
    again.doubted('', 9).map(({ key }) => key),
    ['b'],
  );
  again.doubtAll();
  assert.equal(again.doubted('', 9).length, 2);
  assert.deepEqual(new RowCopy(database, 'other').all(), []);
});

test('rows in doubt are found without a look at all others', (t) => {
  const database = openDataFile(join(temporaryFolder(t), 'copy.db'), () => {});
  t.after(() => database.close());
  const copy = new RowCopy(database, 't');
  copy.put({ key: 'a', text: '1', isKnown: false });
  const select =
    'SELECT key FROM copied_rows INDEXED BY copied_rows_in_doubt WHERE place = ? AND is_known = 0 AND key > ?';
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${select}`).all('t', '');
  assert.match(JSON.stringify(plan), /SEARCH copied_rows USING .*INDEX copied_rows_in_doubt/);
  assert.deepEqual([copy.doubted('', 9).length, copy.doubted('a', 9).length], [1, 0]);
});

test('what belongs together is kept whole or not at all', (t) => {
  const database = openDataFile(join(temporaryFolder(t), 'copy.db'), () => {});
  t.after(() => database.close());
  const copy = new RowCopy(database, 't');
  const failing = (): void =>
    copy.whole(() => {
      copy.put({ key: 'a', text: '1', isKnown: true });
      copy.whole(() => {
        throw new Error('no');
      });
    });
  assert.throws(failing, /no/);
  assert.equal(copy.find('a'), null);
});
