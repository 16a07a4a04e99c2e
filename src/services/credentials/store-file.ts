// The file of a store on disk. Rule: readers find the old text or the new one and never a part, at no instant can anybody but its owner
// read it, and what an error says never quotes the file.
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './folder-lock.ts';
import { type JsonObject, objectOf } from './store-format.ts';

/** Codex empties its file and writes it in place: who looks in between looks again. */
const READINGS = 5;
const BETWEEN_READINGS_MS = 40;
const OWNER_ONLY = 0o600;
/** A file that was mounted by itself cannot be replaced, and in some folders nobody may make another one. */
const IN_PLACE: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS']);

export interface StoreText {
  readonly document: JsonObject;
  /** It was written over several lines. */
  readonly isPretty: boolean;
  /** Others than its owner may read it. */
  readonly isOpen: boolean;
  /** Tells whether it has been changed since. */
  readonly stamp: string;
}

/** Safe to show: names the file and what is wrong with it. */
export class StoreFault extends Error {}

export async function readStore(file: string): Promise<StoreText> {
  for (let reading = 1; ; reading += 1) {
    const found = await readOnce(file);
    if (found !== null) return found;
    if (reading === READINGS) throw new StoreFault(`${file} does not hold a JSON object`);
    await sleep(BETWEEN_READINGS_MS);
  }
}

/** Null: there is no file. */
export async function stampOf(file: string): Promise<string | null> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return null;
  }
}

/** Puts the document into the place of the file that the path leads to, also by links. */
export async function replaceStore(file: string, document: JsonObject, isPretty: boolean): Promise<void> {
  const text = `${JSON.stringify(document, null, isPretty ? 2 : undefined)}${isPretty ? '\n' : ''}`;
  try {
    const real = await realpath(file);
    try {
      await replace(real, text);
    } catch (error) {
      if (!IN_PLACE.has(codeOf(error))) throw error;
      await writeInPlace(real, text);
    }
  } catch (error) {
    throw new StoreFault(`${file} cannot be written (${codeOf(error)})`);
  }
}

async function readOnce(file: string): Promise<StoreText | null> {
  const stamp = await stampOf(file);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = codeOf(error);
    throw new StoreFault(code === 'ENOENT' ? `${file} does not exist` : `${file} cannot be read (${code})`);
  });
  const document = parse(text);
  if (document === null || stamp === null) return null;
  const { mode } = await stat(file);
  return { document, isPretty: text.trimEnd().includes('\n'), isOpen: (mode & 0o077) !== 0, stamp };
}

/** The message of a parser quotes what it has not understood. */
function parse(text: string): JsonObject | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

async function replace(real: string, text: string): Promise<void> {
  const fresh = `${real}.new`;
  // Of a process that was killed while it wrote. Whoever writes holds the lock.
  await rm(fresh, { force: true });
  const handle = await open(fresh, 'wx', OWNER_ONLY);
  try {
    try {
      await keepOwner(handle, real);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, real);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** Root may look after the login of somebody else, who must still be able to read it. */
async function keepOwner(handle: FileHandle, real: string): Promise<void> {
  const before = await stat(real);
  const now = await handle.stat();
  if (before.uid !== now.uid || before.gid !== now.gid) await handle.chown(before.uid, before.gid);
}

async function writeInPlace(real: string, text: string): Promise<void> {
  const handle = await open(real, 'r+');
  try {
    await handle.chmod(OWNER_ONLY).catch(() => undefined);
    await handle.truncate(0);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
