// A lock that processes share: a folder that exists while the lock is held, touched again and again to show that its holder lives, as
// proper-lockfile does it. Rule: who finds the folder abandoned takes exactly the one that it has looked at, and who is not sure any
// more that the folder is its own does not touch it.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { type FolderIdentity, forgetHolder, isHolderGone, noteHolder } from './lock-holder.ts';
import type { LockPlace } from './store-format.ts';

interface Mark extends FolderIdentity {
  readonly touchedAtMs: number;
}

/** Often enough for every program that takes a lock of 10 seconds for abandoned. */
const TOUCH_MS = 5_000;

export class FolderLock {
  readonly #path: string;
  #mark: Mark;
  /** One touch or look after the other: between the two steps of a touch the mark is not the folder's. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(path: string, mark: Mark) {
    this.#path = path;
    this.#mark = mark;
    this.#heartbeat = setInterval(() => void this.#inTurn(() => this.#touch()).catch(ignore), TOUCH_MS);
    this.#heartbeat.unref();
  }

  /** Null: somebody else holds it. */
  static async take(place: LockPlace): Promise<FolderLock | null> {
    const { path } = place;
    if (!(await makeFolder(path)) && !((await takeAwayAbandoned(place)) && (await makeFolder(path)))) return null;
    const mark = await markOf(path);
    if (mark === null) return null;
    const lock = new FolderLock(path, mark);
    await noteHolder(path, mark).catch(ignore);
    return lock;
  }

  /** False: we were too slow, and somebody else has taken it for abandoned. */
  isHeld(): Promise<boolean> {
    return this.#inTurn(() => this.#isOurs());
  }

  /** What cannot be taken away any more goes stale. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#inTurn(async () => {
      if (!(await this.#isOurs())) return;
      await forgetHolder(this.#path).catch(ignore);
      await rmdir(this.#path);
    }).catch(ignore);
  }

  async #touch(): Promise<void> {
    if (!(await this.#isOurs())) return;
    const now = new Date();
    await utimes(this.#path, now, now).catch(ignore);
    this.#mark = (await markOf(this.#path)) ?? this.#mark;
  }

  async #isOurs(): Promise<boolean> {
    const found = await markOf(this.#path);
    return found !== null && isSame(found, this.#mark);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(ignore);
    return result;
  }
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** By renaming it, which only one can do; whoever has got hold of another one than it has looked at puts it back. */
async function takeAwayAbandoned({ path, staleMs }: LockPlace): Promise<boolean> {
  const found = await markOf(path);
  if (found === null) return true;
  if (Date.now() - found.touchedAtMs < staleMs && !(await isHolderGone(path, found))) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const taken = await markOf(aside);
  if (taken === null || isSame(taken, found)) {
    await rm(aside, { recursive: true, force: true });
    await forgetHolder(path).catch(ignore);
    return true;
  }
  await rename(aside, path).catch(() => rm(aside, { recursive: true, force: true }));
  return false;
}

async function markOf(path: string): Promise<Mark | null> {
  try {
    const { ino, birthtimeMs, mtimeMs } = await stat(path);
    return { ino, bornAtMs: birthtimeMs, touchedAtMs: mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function isSame(a: Mark, b: Mark): boolean {
  return a.ino === b.ino && a.touchedAtMs === b.touchedAtMs;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function ignore(): void {}
