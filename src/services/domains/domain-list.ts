// A list of domains that stands in a file, read into memory that all threads share. Rule: reading takes its turns with everything
// else that the thread does, none of them longer than a few milliseconds.
import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.ts';
import { type DomainSet, DomainSetBuilder } from './domain-set.ts';
import { type LeftOut, type ListSink, ListText } from './list-text.ts';

export interface DomainList {
  readonly file: string;
  /** Of the file as it was read: the same as long as nobody writes to it. */
  readonly stamp: string;
  readonly set: DomainSet;
  readonly leftOut: LeftOut | null;
  readonly readMs: number;
}

/** Five million names; a file that is larger was named by mistake. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;
const TURN_MS = 4;
/** About a tenth of a millisecond. */
const LINES_AT_A_TIME = 500;

/** `known` is given back if the file has not changed since. */
export async function readDomainList(file: string, known: DomainList | null): Promise<DomainList> {
  const startedAt = performance.now();
  const opened = await open(file).catch((cause: unknown) => unreadable(file, cause));
  try {
    const stamp = await stampOf(opened, file);
    if (stamp === known?.stamp) return known;
    const { set, leftOut } = await domainSetOf(await wholeOf(opened, file));
    return { file, stamp, set, leftOut, readMs: performance.now() - startedAt };
  } finally {
    await opened.close();
  }
}

/** The text is gone through twice: to find out how much room it takes, and to fill it. It is empty afterwards. */
async function domainSetOf(bytes: Buffer<ArrayBuffer>): Promise<Pick<DomainList, 'set' | 'leftOut'>> {
  const room = { entries: 0, nameBytes: 0 };
  await readAll(bytes, {
    entry: (_bytes, from, to) => {
      room.entries += 1;
      room.nameBytes += to - from;
    },
  });
  const builder = new DomainSetBuilder(room);
  const leftOut = await readAll(bytes, {
    entry: (name, from, to, mark) => builder.add(name, from, to, mark),
  });
  // Its memory goes back at once, and not when somebody collects garbage.
  bytes.buffer.transfer(0);
  return { set: builder.build(), leftOut };
}

async function readAll(bytes: Buffer, sink: ListSink): Promise<LeftOut | null> {
  const text = new ListText(bytes, sink);
  for (let turnBegan = performance.now(); text.read(LINES_AT_A_TIME);) {
    if (performance.now() - turnBegan < TURN_MS) continue;
    await nextTurn();
    turnBegan = performance.now();
  }
  return text.leftOut;
}

async function stampOf(opened: FileHandle, file: string): Promise<string> {
  const stats = await opened.stat({ bigint: true });
  if (!stats.isFile()) throw faulty(file, 'it is not a regular file');
  if (stats.size > BigInt(MAX_FILE_BYTES)) throw faulty(file, `it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

/** In memory of its own. */
async function wholeOf(opened: FileHandle, file: string): Promise<Buffer<ArrayBuffer>> {
  try {
    const { size } = await opened.stat();
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await opened.read(bytes, at, size - at, at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } catch (cause) {
    return unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): never {
  throw faulty(file, cause instanceof Error ? cause.message : String(cause), cause);
}

function faulty(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError('config_invalid', { message: `the list ${file} cannot be read: ${reason}`, cause });
}
