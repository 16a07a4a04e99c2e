import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { importConfig } from './import-config.ts';

function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const PROXY = 'server: { port: 81, timeouts: {} }\n';

describe('an import', () => {
  test('of one file makes overlays of those beside it', async (t) => {
    const cwd = folderWith(t, { 'proxy.yaml': PROXY, 'proxy.dev.yaml': 'server: { port: 82 }', 'proxy.a.b.yaml': '' });
    const { overlays, files } = await importConfig({ files: ['proxy.yaml'], cwd });
    assert.deepEqual(overlays, [{ profile: 'dev', document: { gateway: { listen: '0.0.0.0:82' } } }]);
    assert.deepEqual(files, ['proxy.yaml', 'proxy.dev.yaml']);
  });

  test('of several files is one configuration, the later over the earlier', async (t) => {
    const cwd = folderWith(t, { 'proxy.yaml': PROXY, 'proxy.dev.yaml': 'server: { port: 82 }' });
    const { overlays, document } = await importConfig({ files: ['proxy.yaml', 'proxy.dev.yaml'], cwd });
    assert.deepEqual(overlays, []);
    assert.equal((document['gateway'] as { listen: string }).listen, '0.0.0.0:82');
  });

  test('reads filters from the folder of the proxy, unless they are named', async (t) => {
    const cwd = folderWith(t, { 'c/proxy.yaml': PROXY, 'c/filters.yaml': 'domains: { blocked: [a.example] }' });
    for (const files of [['c/proxy.yaml'], ['c/proxy.yaml', 'c/filters.yaml']]) {
      const { document, files: read } = await importConfig({ files, cwd });
      assert.match(JSON.stringify(document), /"domains":\["a\.example"\]/);
      assert.deepEqual(read, ['c/proxy.yaml', 'c/filters.yaml']);
    }
  });

  test('says what it cannot read', async (t) => {
    const cwd = folderWith(t, {});
    await assert.rejects(importConfig({ files: ['absent.yaml'], cwd }), /absent\.yaml/);
  });
});
