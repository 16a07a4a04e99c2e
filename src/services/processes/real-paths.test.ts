import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { folderWithin, isProgram, realPath } from './real-paths.ts';

test('a folder is within another one by what its path leads to', (t) => {
  const root = realpathSync(temporaryFolder(t));
  const own = join(root, 'own');
  mkdirSync(join(own, 'a'), { recursive: true });
  mkdirSync(join(root, 'own-not'));
  writeFileSync(join(own, 'file'), '');
  symlinkSync(join(own, 'a'), join(own, 'in'));
  symlinkSync(root, join(own, 'out'));
  const ways = ['', '.', 'a', join(own, 'a'), 'in', 'out', '..', '../own-not', 'file', 'missing', '/'];
  assert.deepEqual(
    ways.map((way) => folderWithin(own, way)),
    [own, own, join(own, 'a'), join(own, 'a'), join(own, 'a'), null, null, null, null, null, null],
  );
  assert.equal(folderWithin('/', root), root);
});

test('a program is a file that may be run', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'text'), '');
  writeFileSync(join(folder, 'program'), '', { mode: 0o755 });
  assert.deepEqual(
    ['text', 'program', 'missing', '.'].map((name) => isProgram(join(folder, name))),
    [false, true, false, false],
  );
  assert.equal(realPath(join(folder, 'missing')), null);
});
