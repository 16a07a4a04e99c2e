import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { formatPath } from '../key-path.ts';
import { loadConfig } from '../load.ts';
import { documentSchema } from '../schema/document.ts';
import { ConfigError } from '../problem.ts';
import { checkFilterFiles, filterFiles } from './filter-files.ts';

test('the lists of all places are known', () => {
  const filter = (...files: string[]): object => ({ policies: { filter: { files } } });
  const config = documentSchema.parse({
    ...filter('/a'),
    egress: filter('/b', '/c'),
    gateway: { ...filter('/d'), routes: [{ to: 'http://x', ...filter('/e') }, { to: 'http://y' }] },
  });
  assert.deepEqual(
    filterFiles(config).map(({ file, path }) => `${file} ${formatPath(path)}`),
    [
      '/a policies.filter.files[0]',
      '/b egress.policies.filter.files[0]',
      '/c egress.policies.filter.files[1]',
      '/d gateway.policies.filter.files[0]',
      '/e gateway.routes[0].policies.filter.files[0]',
    ],
  );
  const off = documentSchema.parse({ policies: { filter: false }, egress: { policies: { filter: {} } } });
  assert.deepEqual(filterFiles(off), []);
});

test('lists that cannot be read are told', { skip: process.platform === 'win32' && 'Windows has no /dev' }, (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.txt'), '');
  const files = [join(folder, 'a.txt'), join(folder, 'b.txt'), folder, '/dev/null'];
  const config = documentSchema.parse({ policies: { filter: { files } } });
  assert.deepEqual(
    checkFilterFiles({ config, isWritten: () => true }).map(({ code, message }) => `${code} ${message}`),
    [
      `config_unreadable cannot read ${join(folder, 'b.txt')}: there is no such file`,
      `config_unreadable cannot read ${folder}: it is a folder`,
      'config_unreadable cannot read /dev/null: it is not a regular file',
    ],
  );
});

test('a configuration is refused with the line that names such a list, and watches those that it has', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, 'policies:\n  filter: { files: [blocked.txt] }\n');
  const options = { files: [file], env: {}, cwd: folder };
  await assert.rejects(loadConfig(options), (error: ConfigError) => {
    assert.ok(error instanceof ConfigError);
    const [problem] = error.problems;
    assert.deepEqual([problem?.code, problem?.line, problem?.column], ['config_unreadable', 2, 21]);
    return true;
  });
  writeFileSync(join(folder, 'blocked.txt'), 'a.test\n');
  assert.deepEqual((await loadConfig(options)).files, [file, join(folder, 'blocked.txt')]);
});
