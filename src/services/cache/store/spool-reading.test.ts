import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PatientReader } from '../../../../test/support/cache-disk.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { FIXED_BYTES } from './disk-file.ts';
import { type Spool, SpoolReading } from './spool-reading.ts';

test('reads as far as the file is, and to the end when there is one', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  writeFileSync(path, Buffer.concat([Buffer.alloc(FIXED_BYTES), Buffer.from('hello')]));
  const spool = { paths: [path], flushed: 2, written: 5, status: 'open', trailers: [] } as {
    -readonly [K in keyof Spool]: Spool[K];
  };
  const reader = new PatientReader();
  let over = 0;
  const reading = SpoolReading.open(spool, reader, 1, () => (over += 1))!;
  reading.look();
  assert.equal(reader.parts.length, 0);
  reading.resume();
  spool.flushed = 5;
  spool.status = 'whole';
  assert.equal(await reader.over, 'ended');
  assert.deepEqual([reader.body.toString(), over], ['ello', 1]);
  spool.status = 'torn';
  const cut = new PatientReader();
  SpoolReading.open(spool, cut, 0, () => {})!.resume();
  assert.equal(await cut.over, 'failed');
  assert.equal(
    SpoolReading.open({ ...spool, paths: [`${path}-none`] }, cut, 0, () => {}),
    null,
  );
});
