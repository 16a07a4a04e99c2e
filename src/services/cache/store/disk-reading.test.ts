import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PatientReader } from '../../../../test/support/cache-disk.ts';
import { DiskReading } from './disk-reading.ts';

test('what is no file of ours is spoilt, and what is no file at all is nothing', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  let spoilt = 0;
  const body = { path, bodyLength: 5, trailers: [], spoilt: () => (spoilt += 1) };
  assert.equal(DiskReading.open(body, new PatientReader()), null);
  writeFileSync(path, 'hello');
  const reader = new PatientReader();
  assert.notEqual(DiskReading.open(body, reader), null);
  assert.equal(await reader.over, 'failed');
  assert.equal(spoilt, 1);
});
