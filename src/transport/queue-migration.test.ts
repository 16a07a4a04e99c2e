import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { migrateQueues } from './queue-migration.ts';

test('a setting of the system that is off is on for as long as it is needed', (t) => {
  const file = join(temporaryFolder(t), 'tcp_migrate_req');
  writeFileSync(file, '0\n');
  const migration = migrateQueues(file);
  assert.deepEqual([migration.isOn, readFileSync(file, 'utf8')], [true, '1']);
  migration.release();
  assert.equal(readFileSync(file, 'utf8'), '0');
});

test('one that is on already stays as it is, and one that cannot be changed is told of', (t) => {
  const file = join(temporaryFolder(t), 'tcp_migrate_req');
  writeFileSync(file, '1\n');
  const migration = migrateQueues(file);
  migration.release();
  assert.deepEqual([migration.isOn, readFileSync(file, 'utf8')], [true, '1\n']);
  assert.equal(migrateQueues(`${file}/none`).isOn, false);
});
