import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { folderOf, workingFolder } from './workspace.ts';

describe('the workspace', () => {
  test('has a folder for each user, made when it is needed', (t) => {
    const folder = realpathSync(temporaryFolder(t));
    const options = { folder: join(folder, 'w'), isPerUser: true };
    assert.equal(folderOf(options, 'ann'), join(folder, 'w', 'ann'));
    assert.equal(statSync(join(folder, 'w', 'ann')).mode & 0o777, 0o700);
    assert.equal(folderOf(options, '..'), join(folder, 'w', '_'));
    assert.equal(folderOf(options, ''), join(folder, 'w'));
    assert.equal(folderOf({ ...options, isPerUser: false }, 'ann'), join(folder, 'w'));
  });

  test('takes a folder within it, relative or whole', (t) => {
    const folder = realpathSync(temporaryFolder(t));
    const options = { folder, isPerUser: true };
    mkdirSync(join(folder, 'ann', 'a', 'b'), { recursive: true });
    symlinkSync(join(folder, 'ann', 'a', 'b'), join(folder, 'ann', 'inner'));
    assert.equal(workingFolder(options, 'ann', ''), join(folder, 'ann'));
    assert.equal(workingFolder(options, 'ann', 'a/b'), join(folder, 'ann', 'a', 'b'));
    assert.equal(workingFolder(options, 'ann', 'a/..'), join(folder, 'ann'));
    assert.equal(workingFolder(options, 'ann', join(folder, 'ann', 'a')), join(folder, 'ann', 'a'));
    assert.equal(workingFolder(options, 'ann', 'inner'), join(folder, 'ann', 'a', 'b'));
  });

  test('refuses whatever leads out of it, and what is no folder', (t) => {
    const folder = realpathSync(temporaryFolder(t));
    const options = { folder, isPerUser: true };
    mkdirSync(join(folder, 'ann'));
    mkdirSync(join(folder, 'annex'));
    writeFileSync(join(folder, 'ann', 'file'), '');
    symlinkSync(join(folder, 'annex'), join(folder, 'ann', 'out'));
    for (const wanted of [
      '..',
      '../annex',
      '/',
      join(folder, 'annex'),
      'out',
      'file',
      'nowhere',
      'a\0b',
      'a/../../annex',
    ]) {
      assert.throws(() => workingFolder(options, 'ann', wanted), { code: 'invalid_input', message: /^cwd: / }, wanted);
    }
  });

  test('that cannot be made is nobody’s fault but of who runs Sluice', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => folderOf({ folder: join(folder, 'file'), isPerUser: true }, 'ann'), {
      code: 'agent_unavailable',
    });
  });
});
