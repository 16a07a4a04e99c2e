import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readDashboard } from './dashboard-files.ts';

test('the dashboard is read with its compressed copies, where it is built', (t) => {
  const folder = temporaryFolder(t);
  const url = pathToFileURL(`${folder}/`);
  assert.equal(readDashboard(url), null);
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<p>');
  for (const name of ['a.js', 'a.js.gz', 'b.css', 'c.txt', '.stamp']) writeFileSync(join(folder, 'assets', name), name);
  const { page, assets } = readDashboard(url) ?? assert.fail();
  assert.deepEqual([page.type, String(page.plain), page.br], ['text/html; charset=utf-8', '<p>', null]);
  assert.deepEqual([...assets.keys()], ['a.js', 'b.css']);
  assert.equal(String(assets.get('a.js')?.gzip), 'a.js.gz');
  assert.notEqual(page.etag, assets.get('b.css')?.etag);
});
