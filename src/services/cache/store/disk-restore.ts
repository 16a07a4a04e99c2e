// Finds again what an earlier run of the program left on the disk. Rule: a file that is not whole is deleted, and so is what was being written;
// what is whole moves to where the files of this run are, and is found from then on unless there is something newer.
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeFixed, decodeTail, FIXED_BYTES, tailLength } from './disk-file.ts';
import type { DiskTier } from './disk-tier.ts';
import type { HeadToWrite } from './slot-writing.ts';
import { unpackHead } from './stored-answer.ts';

/** How many were found. `path`: where the folders of all runs are. Those of a process that still runs are left alone. */
export async function restoreFiles(tier: DiskTier, path: string, sparedPid: number | null = null): Promise<number> {
  let count = 0;
  for (const run of await foldersIn(path)) {
    const folder = join(path, run);
    if (folder === tier.folder || (sparedPid !== null && run.split('-')[1] === String(sparedPid))) continue;
    for (const part of await foldersIn(folder)) {
      if (part !== 'new') count += await restoreFolder(tier, join(folder, part));
    }
    await rm(folder, { recursive: true, force: true });
  }
  return count;
}

async function restoreFolder(tier: DiskTier, folder: string): Promise<number> {
  let count = 0;
  for (const name of await readdir(folder)) {
    const isFound = await restoreFile(tier, join(folder, name)).catch(() => false);
    if (isFound) count += 1;
  }
  return count;
}

async function restoreFile(tier: DiskTier, path: string): Promise<boolean> {
  const known = await readKnown(path);
  if (known === null) {
    await unlink(path);
    return false;
  }
  const file = tier.nextFile();
  const name = tier.pathOf(file);
  await mkdir(dirname(name), { recursive: true, mode: 0o700 });
  await rename(path, name);
  return tier.adopt(file, known.head, { bodyLength: known.bodyLength, isNewest: false, since: 0 });
}

/** Null: it is not whole. */
async function readKnown(path: string): Promise<{ head: HeadToWrite; bodyLength: number } | null> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(FIXED_BYTES), 0, FIXED_BYTES, 0);
    const shape = decodeFixed(buffer, size);
    if (shape === null) return null;
    const length = tailLength(shape);
    const tail = await handle.read(Buffer.alloc(length), 0, length, FIXED_BYTES + shape.bodyLength);
    const known = decodeTail(shape, tail.buffer);
    return known === null ? null : { head: unpackHead(known.head), bodyLength: shape.bodyLength };
  } finally {
    await handle.close();
  }
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
