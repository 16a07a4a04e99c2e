import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { proxySpecSchema } from '../../config/schema/proxy-edits.ts';
import { hopChangeFile, readHopChanges, writeHopChanges } from './hop-change-file.ts';
import type { HopChanges } from './hop-changes.ts';

const CHANGES: HopChanges = new Map([
  [
    'exits/fr-1',
    {
      kind: 'put',
      hop: 'exits',
      id: 'fr-1',
      proxy: proxySpecSchema.parse({ id: 'fr-1', url: 'http://u:secret@h' }),
      draining: false,
    },
  ],
  ['corporate', { kind: 'patch', hop: 'corporate', id: 'corporate', patch: { enabled: false }, draining: false }],
]);

describe('changes that are kept', () => {
  test('are none as long as nothing was written', (t) => {
    const folder = temporaryFolder(t);
    assert.equal(readHopChanges(join(folder, 'nowhere')).size, 0);
    writeFileSync(join(folder, 'file'), '');
    assert.equal(readHopChanges(join(folder, 'file', 'data')).size, 0);
  });

  test('that the system does not let us read are an error of the configuration', (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(hopChangeFile(folder));
    const message = new RegExp(`^process\\.data_dir: ${hopChangeFile(folder)} cannot be read: EISDIR`);
    assert.throws(() => readHopChanges(folder), { code: 'config_invalid', message });
  });

  test('are read as they were written, by nobody but this user', (t) => {
    const folder = join(temporaryFolder(t), 'data');
    writeHopChanges(folder, CHANGES);
    assert.deepEqual(readHopChanges(folder), CHANGES);
    assert.equal(statSync(hopChangeFile(folder)).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['hop-changes.json']);
  });

  test('leave no file when there are none any more', (t) => {
    const folder = temporaryFolder(t);
    writeHopChanges(folder, CHANGES);
    writeHopChanges(folder, new Map());
    assert.equal(existsSync(hopChangeFile(folder)), false);
  });

  test('are not thrown away when they cannot be read', (t) => {
    const folder = temporaryFolder(t);
    for (const text of [
      '{',
      '[]',
      '{"schema":"sluice.hop-changes/v2","changes":[]}',
      '{"schema":"sluice.hop-changes/v1"}',
    ]) {
      writeFileSync(hopChangeFile(folder), text);
      assert.throws(() => readHopChanges(folder), { code: 'config_invalid', message: /hop-changes\.json/ });
    }
  });
});
