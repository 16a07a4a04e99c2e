// Load on one store of the cache by several threads, with an oracle: bodies are a function of URL and version, so that every byte that comes out
// can be judged. Rule: what is found must be of one piece, and not older than the last purge that was over before it was looked for.
import { randomInt } from 'node:crypto';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { BodyReader, BodyReading } from '../../src/services/cache/store/body-reading.ts';
import { type CacheMemories, CacheShelf, MAIN_STORE } from '../../src/services/cache/store/cache-shelf.ts';
import type { CacheStore } from '../../src/services/cache/store/cache-store.ts';
import type { Filling, JoinedFilling } from '../../src/services/cache/store/filling.ts';
import type { FlightWaiter } from '../../src/services/cache/store/flights.ts';
import type { PurgeOrder } from '../../src/services/cache/store/purge-lists.ts';
import { storedMeta } from './cache-store.ts';
import { bodyOf } from './cache-disk.ts';

const URLS = 1500;

export interface LoadPlan {
  readonly memories: CacheMemories;
  readonly threads: number;
  readonly thread: number;
  /** Of each URL the version that the origin has, and the oldest that may still be found; then whether to stop, and what was counted. */
  readonly board: Int32Array<SharedArrayBuffer>;
}

export const COUNT = { GETS: 1, HITS: 2, FETCHES: 3, JOINED: 4, CUT: 5, PURGES: 6, DISK: 7 } as const;
const STOP = URLS * 2;
export const BOARD_INTS: number = URLS * 2 + 16;
const AT_ONCE = 16;

export function counted(board: Int32Array<SharedArrayBuffer>, what: number): number {
  return Atomics.load(board, STOP + what);
}

export function stopLoad(board: Int32Array<SharedArrayBuffer>): void {
  Atomics.store(board, STOP, 1);
}

/** Ends by itself when the board says so. */
export function startLoad(plan: LoadPlan): Worker {
  return new Worker(new URL(import.meta.url), { workerData: { cacheLoad: plan } });
}

function urlOf(index: number): string {
  return `http://host-${index % 7}.test/${index}`;
}

function lengthOf(index: number, version: number): number {
  const kind = (index * 31) % 100;
  const spread = (index * 7919 + version * 104_729) % 1000;
  if (kind < 70) return 100 + spread * 4;
  if (kind < 90) return 10_000 + spread * 50;
  if (kind < 97) return 100_000 + spread * 200;
  return 900_000 + spread * 300;
}

function seedOf(index: number, version: number): number {
  return index * 100_000 + version;
}

function expected(index: number, version: number): Buffer {
  return bodyOf(seedOf(index, version), lengthOf(index, version));
}

/** Judges when all has come. */
class Judge implements BodyReader {
  readonly over: Promise<'ended' | 'failed'>;
  reading: BodyReading | null = null;
  readonly #parts: Buffer[] = [];
  readonly #isSlow = randomInt(10) === 0;
  readonly #index: number;
  readonly #version: number;
  #resolve: (state: 'ended' | 'failed') => void;

  constructor(index: number, version: number) {
    this.#index = index;
    this.#version = version;
    const { promise, resolve } = Promise.withResolvers<'ended' | 'failed'>();
    this.over = promise;
    this.#resolve = resolve;
  }

  take(bytes: Uint8Array, from: number, to: number): boolean {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
    if (!this.#isSlow) return true;
    setTimeout(() => this.reading?.resume(), 1);
    return false;
  }

  end(): void {
    if (!Buffer.concat(this.#parts).equals(expected(this.#index, this.#version))) {
      throw new Error(`what came of ${this.#index} is not version ${this.#version}`);
    }
    this.#resolve('ended');
  }

  failed(): void {
    this.#resolve('failed');
  }
}

class Load {
  readonly #store: CacheStore;
  readonly #board: Int32Array<SharedArrayBuffer>;
  readonly #isOwner: boolean;

  constructor({ memories, threads, thread, board }: LoadPlan) {
    const shelf = new CacheShelf({ threads, thread });
    shelf.put(memories);
    this.#store = shelf.at(MAIN_STORE)!;
    this.#board = board;
    this.#isOwner = thread === 0;
  }

  async run(): Promise<void> {
    const all = Array.from({ length: AT_ONCE }, () => this.#goOn());
    if (this.#isOwner) all.push(this.#change());
    await Promise.all(all);
  }

  get #isOver(): boolean {
    return Atomics.load(this.#board, STOP) === 1;
  }

  #count(what: number): void {
    Atomics.add(this.#board, STOP + what, 1);
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      // Some are asked for far more often than others.
      const index = Math.floor(URLS * (randomInt(1 << 20) / (1 << 20)) ** 4);
      this.#count(COUNT.GETS);
      await this.#get(index, 0);
      if (randomInt(4) === 0) await turn();
    }
  }

  /** One thread has new versions, and purges in every way. */
  async #change(): Promise<void> {
    while (!this.#isOver) {
      const index = randomInt(URLS);
      const version = Atomics.add(this.#board, index, 1) + 1;
      this.#store.purge(orderFor(index));
      Atomics.store(this.#board, URLS + index, version);
      this.#count(COUNT.PURGES);
      if (randomInt(200) === 0) this.#store.purge({ kind: 'all' }, randomInt(2) === 0);
      await turn();
    }
  }

  async #get(index: number, tries: number): Promise<void> {
    const oldest = Atomics.load(this.#board, URLS + index);
    const [answer] = this.#store.find(urlOf(index));
    if (answer === undefined || (answer.meta.flags & 8) !== 0) return this.#fetch(index, oldest, tries);
    const version = Number(answer.meta.etag);
    if (version < oldest) throw new Error(`version ${version} of ${index} was purged: ${oldest} is the oldest`);
    this.#store.hit(answer);
    this.#count(COUNT.HITS);
    if (answer.hasBody) {
      const body = Buffer.from(answer.ready.subarray(answer.bodyFrom));
      if (!body.equals(expected(index, version))) throw new Error(`what is kept of ${index} is not version ${version}`);
      return;
    }
    const judge = new Judge(index, version);
    const { epoch } = this.#store;
    judge.reading = this.#store.open(answer, judge);
    if (judge.reading === null || (await judge.over) === 'ended') return;
    // A thread that died with the lock has taken everything with it.
    if (epoch === this.#store.epoch) throw new Error(`what was kept of ${index} was cut`);
  }

  async #fetch(index: number, oldest: number, tries: number): Promise<void> {
    const told = Promise.withResolvers<Told>();
    const claim = this.#store.claim(urlOf(index), waiterOf(told.resolve, index, oldest));
    if (claim === 'alone') return;
    if (claim !== 'waiting') return this.#fly(index, (meta, length) => claim.fill(urlOf(index), meta, length));
    const { kind, judge } = await told.promise;
    if (kind === 'again' && tries < 5) return this.#get(index, tries + 1);
    if (judge === null) return;
    this.#count(COUNT.JOINED);
    if ((await judge.over) === 'failed') this.#count(COUNT.CUT);
  }

  /** Some are cut by the origin. */
  async #fly(index: number, fill: (meta: ReturnType<typeof storedMeta>, length: number) => Filling): Promise<void> {
    const version = Atomics.load(this.#board, index);
    this.#count(COUNT.FETCHES);
    await turn();
    const body = expected(index, version);
    const tags = [`tag-${index % 50}`, `tag-${index}`];
    const filling = fill(
      storedMeta(urlOf(index), { etag: String(version), fields: [['X-Index', `${index}`]], tags }),
      randomInt(2) === 0 ? body.length : -1,
    );
    const endsAt = randomInt(20) === 0 ? body.length - 1 : body.length;
    let drained: () => void = () => {};
    filling.onDrain = () => drained();
    for (let at = 0; at < endsAt;) {
      const to = Math.min(endsAt, at + 1 + randomInt(60_000));
      const drain = Promise.withResolvers<void>();
      drained = drain.resolve;
      const mayGoOn = filling.write(body, at, to);
      if (!mayGoOn) this.#count(COUNT.DISK);
      await (mayGoOn ? turn() : Promise.race([drain.promise, later(200)]));
      at = to;
    }
    if (endsAt === body.length) filling.end();
    else filling.abort();
  }
}

interface Told {
  readonly kind: 'joined' | 'again' | 'alone' | 'failed';
  readonly judge: Judge | null;
}

function waiterOf(tell: (told: Told) => void, index: number, oldest: number): FlightWaiter {
  return {
    joined: (filling: JoinedFilling) => {
      const version = Number(filling.meta.etag);
      // It may have begun before the purge; then it is not for this one.
      if (version < oldest) return tell({ kind: 'alone', judge: null });
      const judge = new Judge(index, version);
      judge.reading = filling.read(judge);
      tell({ kind: 'joined', judge: judge.reading === null ? null : judge });
    },
    again: () => tell({ kind: 'again', judge: null }),
    alone: () => tell({ kind: 'alone', judge: null }),
    failed: () => tell({ kind: 'failed', judge: null }),
  };
}

function orderFor(index: number): PurgeOrder {
  const url = urlOf(index);
  const orders: PurgeOrder[] = [
    { kind: 'key', key: url },
    { kind: 'url', url },
    { kind: 'tag', tag: `tag-${index}` },
    { kind: 'prefix', prefix: url },
    { kind: 'host', pattern: new URL(url).hostname },
    { kind: 'host', pattern: `*-${index % 7}.test` },
  ];
  // The narrow ones are the rule.
  return orders[randomInt(20) === 0 ? randomInt(6) : randomInt(3)]!;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (!isMainThread && (workerData as { cacheLoad?: LoadPlan } | null)?.cacheLoad !== undefined) {
  const load = new Load((workerData as { cacheLoad: LoadPlan }).cacheLoad);
  // Channels keep no thread alive.
  const alive = setInterval(() => {}, 1000);
  await load.run();
  clearInterval(alive);
}
