// A store of the cache with a disk, for tests, and bodies that tell by their bytes whose they are.
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BodyReader } from '../../src/services/cache/store/body-reading.ts';
import { CacheStore } from '../../src/services/cache/store/cache-store.ts';
import type { FieldLine } from '../../src/services/cache/answer-meta.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface DiskStage {
  readonly path: string;
  readonly store: CacheStore;
}

let runs = 0;

export function diskStore(
  t: TestContext,
  sizes: { maxBytes?: number; diskBytes?: number; path?: string } = {},
): DiskStage {
  const { maxBytes = 1_000_000, diskBytes = 50_000_000, path = temporaryFolder(t) } = sizes;
  runs += 1;
  const disk = { folder: join(path, `run-${runs}`), maxBytes: diskBytes };
  return { path, store: new CacheStore({ maxBytes, disk }) };
}

/** Every eight bytes say where they are and whose. */
export function bodyOf(seed: number, length: number): Buffer {
  const body = Buffer.alloc(Math.ceil(length / 8) * 8);
  for (let at = 0; at < body.length; at += 8) {
    body.writeUInt32LE(seed, at);
    body.writeUInt32LE(at, at + 4);
  }
  return body.subarray(0, length);
}

/** Folders may go while they are looked at. */
export function filesUnder(path: string): string[] {
  return entriesOf(path).flatMap((entry) => {
    const name = join(path, entry.name);
    return entry.isDirectory() ? filesUnder(name) : [name];
  });
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Until something holds that files or other threads bring about. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endAtMs = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > endAtMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads to the end, however long that takes. */
export class PatientReader implements BodyReader {
  readonly parts: Buffer[] = [];
  readonly over: Promise<'ended' | 'failed'>;
  #resolve: (state: 'ended' | 'failed') => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<'ended' | 'failed'>();
    this.over = promise;
    this.#resolve = resolve;
  }

  get body(): Buffer {
    return Buffer.concat(this.parts);
  }

  take(bytes: Uint8Array, from: number, to: number): boolean {
    this.parts.push(Buffer.from(bytes.slice(from, to)));
    return true;
  }

  end(_trailers: readonly FieldLine[]): void {
    this.#resolve('ended');
  }

  failed(): void {
    this.#resolve('failed');
  }
}
