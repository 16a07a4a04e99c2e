import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { skipTest } from '../../../test/support/peer.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { forgetHolder, isHolderGone, noteHolder } from './lock-holder.ts';

const FOLDER = { ino: 7, bornAtMs: 1_000 };

interface Stage {
  readonly lock: string;
  /** What stands there about a process that has ended. */
  readonly note: string[];
}

async function stage(t: TestContext): Promise<Stage | undefined> {
  const lock = join(temporaryFolder(t), 'a.lock');
  await noteHolder(lock, FOLDER);
  if (!existsSync(`${lock}.sluice`)) {
    skipTest(t, 'there is no /proc');
    return undefined;
  }
  const { pid } = spawnSync(process.execPath, ['--version']);
  const lines = readFileSync(`${lock}.sluice`, 'utf8').split('\n');
  return { lock, note: lines.with(3, String(pid)) };
}

test('who lives is not gone, and who has written nothing down neither', async (t) => {
  const all = await stage(t);
  if (all === undefined) return;
  assert.equal(statSync(`${all.lock}.sluice`).mode & 0o777, 0o600);
  assert.equal(await isHolderGone(all.lock, FOLDER), false);
  await forgetHolder(all.lock);
  await forgetHolder(all.lock);
  assert.equal(await isHolderGone(all.lock, FOLDER), false);
});

test('who has ended is gone, whoever has its number by now', async (t) => {
  const all = await stage(t);
  if (all === undefined) return;
  writeFileSync(`${all.lock}.sluice`, all.note.join('\n'));
  assert.equal(await isHolderGone(all.lock, FOLDER), true);
  writeFileSync(`${all.lock}.sluice`, all.note.with(3, String(process.pid)).with(4, '1').join('\n'));
  assert.equal(await isHolderGone(all.lock, FOLDER), true);
});

test('what is said of another folder or machine, or is not to be read, says nothing', async (t) => {
  const all = await stage(t);
  if (all === undefined) return;
  const { lock, note } = all;
  writeFileSync(`${lock}.sluice`, note.join('\n'));
  assert.equal(await isHolderGone(lock, { ...FOLDER, ino: 8 }), false);
  assert.equal(await isHolderGone(lock, { ...FOLDER, bornAtMs: 1_001 }), false);
  for (const bad of [note.with(2, 'elsewhere pid:[1]'), note.with(3, ''), note.slice(0, 4), [...note, 'x'], ['']]) {
    writeFileSync(`${lock}.sluice`, bad.join('\n'));
    assert.equal(await isHolderGone(lock, FOLDER), false);
  }
});
