import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { displayName, readSources } from './read-sources.ts';
import { toPlain } from './source-tree.ts';

function folderWith(t: TestContext, files: Record<string, string | Buffer>): string {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe('readSources', () => {
  test('reads each file in the language of its ending', async (t) => {
    const cwd = folderWith(t, {
      'a.yaml': 'x: 1',
      'b.yml': 'x: 2',
      'c.toml': 'x = 3',
      'd.json': '{"x": 4}',
      e: 'x: 5',
    });
    const { trees, files, faults } = await readSources({ files: ['a.yaml', 'b.yml', 'c.toml', 'd.json', 'e'], cwd });
    assert.deepEqual(faults, []);
    assert.deepEqual(trees.map(toPlain), [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }, { x: 5 }]);
    assert.equal(files[0], join(cwd, 'a.yaml'));
  });

  test('steps over a byte order mark, and reads Windows line ends', async (t) => {
    const cwd = folderWith(t, {
      'a.yaml': '\ufeffa: 1\r\nb: 2\r\n',
      'b.json': '\ufeff{}',
      'c.toml': '\ufeffa = 1\r\n',
    });
    const { trees, faults } = await readSources({ files: ['a.yaml', 'b.json', 'c.toml'], cwd });
    assert.deepEqual(faults, []);
    assert.deepEqual(toPlain(trees[0]!), { a: 1, b: 2 });
  });

  test('takes an empty file for nothing', async (t) => {
    const cwd = folderWith(t, { 'a.yaml': '', 'b.json': ' ', 'c.toml': '# x' });
    const { trees, faults } = await readSources({ files: ['a.yaml', 'b.json', 'c.toml'], cwd });
    assert.deepEqual([trees.map(toPlain), faults], [[{}], []]);
  });

  test('reads the overlays of a profile after all files', async (t) => {
    const cwd = folderWith(t, { 'a.yaml': 'x: 1', 'a.dev.yaml': 'x: 2', 'b.toml': 'x = 3' });
    const { trees } = await readSources({ files: ['a.yaml', 'b.toml'], profile: 'dev', cwd });
    assert.deepEqual(trees.map(toPlain), [{ x: 1 }, { x: 3 }, { x: 2 }]);
  });

  test('looks at all files before it says what is wrong', async (t) => {
    const cwd = folderWith(t, {
      'list.yaml': '- a',
      'broken.toml': '=',
      'latin1.yaml': Buffer.from([0x61, 0x3a, 0x20, 0xe4]),
      'fine.yaml': 'x: 1',
    });
    mkdirSync(join(cwd, 'folder.yaml'));
    const files = ['list.yaml', 'broken.toml', 'latin1.yaml', 'nowhere.yaml', 'folder.yaml', 'fine.yaml'];
    const { faults } = await readSources({ files, profile: 'prod', cwd });
    assert.deepEqual(
      faults.map(({ code, place }) => [code, place?.source.name]),
      [
        ['config_unreadable', '--profile prod'],
        ['config_wrong_type', 'list.yaml'],
        ['config_syntax', 'broken.toml'],
        ['config_unreadable', 'latin1.yaml'],
        ['config_unreadable', 'nowhere.yaml'],
        ['config_unreadable', 'folder.yaml'],
      ],
    );
    assert.match(faults[3]?.message ?? '', /UTF-8/);
    assert.match(faults[4]?.message ?? '', /no such file/);
    assert.match(faults[5]?.message ?? '', /a folder/);
  });

  test('says that a profile needs a file', async () => {
    const { faults } = await readSources({ files: [], profile: 'dev', cwd: '/' });
    assert.match(faults[0]?.message ?? '', /needs a config file/);
  });
});

describe('the name of a file in messages', () => {
  test('is short inside the working directory, and absolute outside', () => {
    const cwd = resolve('/srv/app');
    assert.equal(displayName(join(cwd, 'sluice.yaml'), cwd), 'sluice.yaml');
    assert.equal(displayName(join(cwd, 'conf', 'a.yaml'), cwd), join('conf', 'a.yaml'));
    assert.equal(displayName(resolve('/etc/sluice.yaml'), cwd), resolve('/etc/sluice.yaml'));
    assert.equal(displayName(join(cwd, '..more', 'a.yaml'), cwd), join('..more', 'a.yaml'));
  });
});
