// Answers for tests of the store of the cache, and readers that remember what they got.
import type { AnswerMeta, FieldLine } from '../../src/services/cache/answer-meta.ts';
import type { BodyReader } from '../../src/services/cache/store/body-reading.ts';
import type { CacheStore } from '../../src/services/cache/store/cache-store.ts';
import { CacheCounters } from '../../src/services/cache/store/cache-counters.ts';
import type { Filling } from '../../src/services/cache/store/filling.ts';
import { StoreCore } from '../../src/services/cache/store/store-core.ts';
import { createStoreMemory } from '../../src/services/cache/store/store-memory.ts';

export function storedMeta(url: string, changes: Partial<AnswerMeta> = {}): AnswerMeta {
  return {
    url,
    host: new URL(url).hostname,
    route: 'site',
    status: 200,
    fields: [
      ['Content-Type', 'text/plain'],
      ['ETag', '"one"'],
    ],
    varyNames: [],
    varyKey: '',
    tags: [],
    bornAtMs: 0,
    checkedAtMs: 0,
    lifetimeMs: 1000,
    staleWhileAskingMs: 0,
    staleOnErrorMs: 0,
    flags: 0,
    etag: '"one"',
    lastModified: '',
    ...changes,
  };
}

export function storeCore(maxBytes = 1_000_000): StoreCore {
  const memory = createStoreMemory(maxBytes, 1);
  const core = new StoreCore(memory, 0, new CacheCounters(memory, 0));
  core.table.bound(maxBytes);
  return core;
}

/** Puts a whole answer into a store. */
export function keep(
  store: CacheStore,
  url: string,
  body: string | Buffer,
  changes: Partial<AnswerMeta> = {},
): Filling {
  const bytes = Buffer.from(body as string);
  const filling = store.fill(url, storedMeta(url, changes), bytes.length);
  filling.write(bytes);
  filling.end();
  return filling;
}

/** What is found of a key, as text; null: nothing. */
export function found(store: CacheStore, key: string): string | null {
  const [answer] = store.find(key);
  if (answer === undefined) return null;
  if (answer.hasBody) return Buffer.from(answer.ready.subarray(answer.bodyFrom)).toString();
  const reader = new TakingReader();
  store.open(answer, reader);
  return reader.text;
}

export class TakingReader implements BodyReader {
  readonly parts: Buffer[] = [];
  state: 'reading' | 'ended' | 'failed' = 'reading';
  trailers: readonly FieldLine[] = [];
  /** It takes so many pieces and then no more, until it is set anew. */
  pieces: number = Infinity;

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }

  get length(): number {
    return this.parts.reduce((sum, { length }) => sum + length, 0);
  }

  take(bytes: Uint8Array, from: number, to: number): boolean {
    this.parts.push(Buffer.from(bytes.slice(from, to)));
    this.pieces -= 1;
    return this.pieces > 0;
  }

  end(trailers: readonly FieldLine[]): void {
    this.state = 'ended';
    this.trailers = trailers;
  }

  failed(): void {
    this.state = 'failed';
  }
}
