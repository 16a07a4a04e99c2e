// The stores of the cache of one thread, by name. Rule: the memory is made once, by the main thread, and handed to the others with the
// configuration that wants it; a store that the next configuration still wants keeps what is in it.
import { ThreadChannel } from './thread-channel.ts';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../../core/errors.ts';
import { CacheStore, type CacheStats } from './cache-store.ts';
import type { DiskOptions } from './disk-tier.ts';
import type { PurgeOrder } from './purge-lists.ts';

/** The memory of one store, as it travels to other threads. */
export interface CacheMemory {
  readonly memory: SharedArrayBuffer;
  /** What its threads talk by. */
  readonly channel: string;
  /** How much of it may be used, and how much ever. */
  readonly maxBytes: number;
  readonly capacity: number;
  readonly disk: CacheDisk | null;
}

export interface CacheDisk extends DiskOptions {
  /** Where the folders of all runs are. */
  readonly path: string;
}

export type CacheMemories = ReadonlyMap<string, CacheMemory>;

interface OpenStore {
  readonly memory: CacheMemory;
  readonly store: CacheStore;
  readonly channel: ThreadChannel | null;
}

export interface CacheShelfOptions {
  /** How many threads use the stores, the main one included, and which of them this one is. */
  readonly threads?: number;
  readonly thread?: number;
}

/** What no place has for itself. */
export const MAIN_STORE = '';

let made = 0;

export class CacheShelf {
  readonly #threads: number;
  readonly #thread: number;
  #open: ReadonlyMap<string, OpenStore> = new Map();
  #restoring: Promise<number> = Promise.resolve(0);
  /** The process that still uses its folders. */
  #sparedPid: number | null = null;
  /** Told when it closes. */
  onClose: (() => void) | null = null;

  constructor({ threads = 1, thread = 0 }: CacheShelfOptions = {}) {
    this.#threads = threads;
    this.#thread = thread;
  }

  /** Memory for stores of these names and sizes: that of now where it is large enough. */
  make(wanted: ReadonlyMap<string, number>, disk: Omit<CacheDisk, 'folder'> | null = null): CacheMemories {
    return new Map(
      [...wanted].map(([name, maxBytes]) => {
        const now = this.#open.get(name)?.memory;
        const own = name === MAIN_STORE ? disk : null;
        const isSameDisk = (now?.disk?.path ?? null) === (own?.path ?? null);
        if (now !== undefined && now.capacity >= maxBytes && isSameDisk) {
          return [name, { ...now, maxBytes, disk: now.disk === null ? null : { ...now.disk, ...own } }];
        }
        made += 1;
        const { memory } = new CacheStore({ maxBytes, threads: this.#threads });
        const ofRun = `${Date.now().toString(36)}-${process.pid}-${made}`;
        return [
          name,
          {
            memory,
            channel: `sluice cache ${ofRun}`,
            maxBytes,
            capacity: maxBytes,
            disk: own && { ...own, folder: ofRunIn(own.path, ofRun) },
          },
        ];
      }),
    );
  }

  /** Those of the configuration that comes into force; all others are forgotten. */
  put(memories: CacheMemories): void {
    const open = new Map([...memories].map(([name, memory]) => [name, this.#openOne(name, memory)]));
    for (const [name, { channel }] of this.#open) if (open.get(name)?.channel !== channel) channel?.close();
    this.#open = open;
  }

  /** The store of a place that has one for itself, or the one of all others. */
  at(name: string): CacheStore | null {
    return (this.#open.get(name) ?? this.#open.get(MAIN_STORE))?.store ?? null;
  }

  purge(order: PurgeOrder, isSoft = false): number {
    return this.#all().reduce((count, store) => count + store.purge(order, isSoft), 0);
  }

  stats(): readonly CacheStats[] {
    return this.#all().map((store) => store.stats);
  }

  /** A thread has died. */
  forgetThread(thread: number): void {
    for (const store of this.#all()) store.forgetThread(thread);
  }

  /** How many files of an earlier run are found again, when all have been looked at. */
  get restored(): Promise<number> {
    return this.#restoring;
  }

  /** What another process has on the disk is its own until it has gone. */
  spare(pid: number): void {
    this.#sparedPid = pid;
  }

  /** It has gone: what it has left is found. */
  async inherit(): Promise<number> {
    if (this.#sparedPid === null) return 0;
    this.#sparedPid = null;
    await this.#restoring;
    let found = 0;
    for (const { memory, store } of this.#open.values()) {
      if (memory.disk !== null) found += await store.restore(memory.disk.path).catch(() => 0);
    }
    return found;
  }

  close(): void {
    this.onClose?.();
    this.onClose = null;
    this.put(new Map());
  }

  #all(): CacheStore[] {
    return [...this.#open.values()].map(({ store }) => store);
  }

  #openOne(name: string, memory: CacheMemory): OpenStore {
    const now = this.#open.get(name);
    if (now?.memory.memory === memory.memory) {
      now.store.bound(memory.maxBytes, memory.disk?.maxBytes);
      return { ...now, memory };
    }
    const [threads, thread] = [this.#threads, this.#thread];
    const channel = threads > 1 ? new ThreadChannel(memory.channel) : null;
    const { maxBytes, disk } = memory;
    const store = new CacheStore({ maxBytes, memory: memory.memory, threads, thread, channel, disk });
    // The main thread is the last.
    if (disk !== null && thread === threads - 1)
      this.#restoring = store.restore(disk.path, this.#sparedPid).catch(() => 0);
    return { memory, channel, store };
  }
}

/** Fails where nothing can be written. */
function ofRunIn(path: string, name: string): string {
  const folder = join(path, name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SluiceError('config_invalid', { message: `cache.disk.path: ${path} cannot be used: ${code}`, cause });
  }
  return folder;
}
