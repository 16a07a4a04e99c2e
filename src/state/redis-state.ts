// What nodes share, in a Redis. Rule: what it is asked takes effect whole or not at all, and once; whoever asks hears that it does not answer
// within the time of the connection.
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from './redis-connection.ts';
import { APPEND, BIND, BORROW, CLAIM, digestOf, NODES, OCCUPY, RELEASE, RENEW, ROWS, SWAP } from './redis-scripts.ts';
import { RedisSubscription } from './redis-subscription.ts';
import type {
  Claimed,
  HeldLease,
  Lease,
  LeaseWish,
  Listening,
  Loan,
  LoanWish,
  LogBounds,
  LogItem,
  NodeEntry,
  Places,
  PlaceWish,
  RowSwap,
  SharedState,
  TablePage,
  TableRow,
} from './shared-state.ts';

const PREFIX = 'sluice:1:';
/** In braces: what a cluster keeps together. */
const NODES_KEYS = [`${PREFIX}{nodes}:until`, `${PREFIX}{nodes}:address`];
/** Of one script: Redis does nothing else meanwhile. */
const MOST_KEYS = 100;

export interface RedisStateOptions {
  readonly connection: Pick<RedisConnection, 'send' | 'close' | 'server' | 'isUp' | 'isCluster'>;
  /** As for the connection. */
  readonly url: string;
}

export class RedisState implements SharedState {
  readonly #connection: RedisStateOptions['connection'];
  readonly #url: string;
  readonly #ears = new Set<Listening>();

  constructor({ connection, url }: RedisStateOptions) {
    this.#connection = connection;
    this.#url = url;
  }

  get server(): string {
    return this.#connection.server;
  }

  get isUp(): boolean {
    return this.#connection.isUp;
  }

  borrow(wishes: readonly LoanWish[]): Promise<readonly Loan[]> {
    return this.#inPieces(wishes, (some) => this.#borrow(some));
  }

  async #borrow(wishes: readonly LoanWish[]): Promise<readonly Loan[]> {
    const keys = wishes.map(({ bucket }) => `${PREFIX}limit:${bucket}`);
    const args: string[] = [];
    for (const { limit, spent, need, more } of wishes) {
      args.push(String(limit.intervalMs), String(limit.burst), String(spent), String(need), String(more));
    }
    return texts(await this.#run(BORROW, keys, args)).map(loanOf);
  }

  async occupy(wishes: readonly PlaceWish[], ttlMs: number): Promise<readonly Places[]> {
    const owners = Map.groupBy(
      wishes.map((wish, at) => ({ wish, at })),
      ({ wish }) => wish.owner,
    );
    const found: Places[] = [];
    const asked = [...owners].map(async ([owner, its]) => {
      const places = await this.#inPieces(its, (some) => this.#occupy(owner, some, ttlMs));
      for (const [index, { at }] of its.entries()) found[at] = places[index] ?? { granted: 0, left: 0 };
    });
    await Promise.all(asked);
    return found;
  }

  async #occupy(owner: string, some: readonly { readonly wish: PlaceWish }[], ttlMs: number): Promise<Places[]> {
    const keys = some.map(({ wish }) => `${PREFIX}room:${wish.room}`);
    const args = some.flatMap(({ wish: { most, taken, need, more } }) => [most, taken, need, more].map(String));
    const replies = texts(await this.#run(OCCUPY, keys, [wholeMs(ttlMs), owner, ...args]));
    return replies.map((text) => {
      const [granted = 0, left = 0] = text.split(' ').map(Number);
      return { granted, left };
    });
  }

  async claim({ name, owner, value, ttlMs, takesOver = 0 }: LeaseWish): Promise<Claimed> {
    const keys = [leaseKey(name), `${PREFIX}fence:{${name}}`];
    const [holder = '', held = '', fence = '', mine] = texts(
      await this.#run(CLAIM, keys, [owner, value, wholeMs(ttlMs), String(takesOver)]),
    );
    return { lease: { name, owner: holder, value: held, fence: Number(fence) }, isMine: mine === '1' };
  }

  renew(leases: readonly HeldLease[], ttlMs: number): Promise<readonly boolean[]> {
    return this.#inPieces(leases, async (some) => {
      const keys = some.map(({ name }) => leaseKey(name));
      const fences = some.map(({ fence }) => String(fence));
      const reply = await this.#run(RENEW, keys, [wholeMs(ttlMs), ...fences]);
      return Array.isArray(reply) ? reply.map((renewed) => renewed === 1) : [];
    });
  }

  async release({ name, fence }: HeldLease): Promise<boolean> {
    return (await this.#run(RELEASE, [leaseKey(name)], [String(fence)])) === 1;
  }

  async holder(name: string): Promise<Lease | null> {
    const reply = await this.#connection.send(['HMGET', leaseKey(name), 'owner', 'value', 'fence']);
    if (!Array.isArray(reply) || typeof reply[0] !== 'string') return null;
    const [owner, value = '', fence] = reply as string[];
    return owner === undefined ? null : { name, owner, value, fence: Number(fence) };
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#connection.send(['SET', valueKey(key), value, 'PX', wholeMs(ttlMs)]);
  }

  async get(key: string): Promise<string | null> {
    const reply = await this.#connection.send(['GET', valueKey(key)]);
    return typeof reply === 'string' ? reply : null;
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    return String(await this.#run(BIND, [valueKey(key)], [value, wholeMs(ttlMs)]));
  }

  async drop(key: string): Promise<void> {
    await this.#connection.send(['DEL', valueKey(key)]);
  }

  async row(table: string, key: string): Promise<string | null> {
    const reply = await this.#connection.send(['HGET', tableKeys(table)[0], key]);
    return typeof reply === 'string' ? reply : null;
  }

  async swapRow(table: string, key: string, { before, after }: RowSwap): Promise<number | null> {
    const as = before === null ? [] : [before];
    const place = Number(await this.#run(SWAP, tableKeys(table), [key, after, randomUUID(), ...as]));
    return place === 0 ? null : place;
  }

  async rowsAfter(table: string, place: number, most: number): Promise<TablePage> {
    const reply = await this.#run(ROWS, tableKeys(table), [String(place), String(most)]);
    const [age = '', ...flat] = texts(reply);
    const rows: TableRow[] = [];
    for (let at = 0; at + 2 < flat.length; at += 3) {
      rows.push({ key: flat[at] ?? '', text: flat[at + 1] ?? '', place: Number(flat[at + 2]) });
    }
    return { age, rows };
  }

  async pin(board: string, key: string, note: string): Promise<void> {
    await this.#connection.send(['HSET', boardKey(board), key, note]);
  }

  async unpin(board: string, key: string): Promise<boolean> {
    return (await this.#connection.send(['HDEL', boardKey(board), key])) === 1;
  }

  async pinned(board: string): Promise<ReadonlyMap<string, string>> {
    return new Map(pairs(texts(await this.#connection.send(['HGETALL', boardKey(board)]))));
  }

  async append(log: string, items: readonly LogItem[], { most, ttlMs }: LogBounds): Promise<void> {
    if (items.length === 0) return;
    const args = items.flatMap(({ id, text }) => [String(id), text]);
    await this.#run(APPEND, [logKey(log)], [String(most), wholeMs(ttlMs), ...args]);
  }

  async readAfter(log: string, id: number, most: number): Promise<readonly LogItem[]> {
    const from = id < 0 ? '-' : `(${id}-1`;
    const reply = await this.#connection.send(['XRANGE', logKey(log), from, '+', 'COUNT', String(most)]);
    if (!Array.isArray(reply)) return [];
    return (reply as [string, string[]][]).map(([place, fields]) => {
      return { id: Number(place.slice(0, place.indexOf('-'))), text: fields[1] ?? '' };
    });
  }

  async publish(channel: string, text: string): Promise<void> {
    await this.#connection.send(['PUBLISH', `${PREFIX}${channel}`, text]);
  }

  hear(channel: string, heard: (text: string) => void, onUp: () => void = () => {}): Listening {
    const ear = new RedisSubscription({ url: this.#url, channel: `${PREFIX}${channel}`, hear: heard, onUp });
    this.#ears.add(ear);
    return ear;
  }

  async standUp({ id, address }: NodeEntry, ttlMs: number): Promise<readonly NodeEntry[]> {
    return entries(await this.#run(NODES, NODES_KEYS, [wholeMs(ttlMs), id, address]));
  }

  async standDown(id: string): Promise<void> {
    await this.#connection.send(['ZREM', NODES_KEYS[0] ?? '', id]);
  }

  async nodes(): Promise<readonly NodeEntry[]> {
    return entries(await this.#run(NODES, NODES_KEYS, []));
  }

  close(): void {
    for (const ear of this.#ears) ear.close();
    this.#connection.close();
  }

  /** In a cluster keys do not lie together. */
  async #inPieces<T, R>(all: readonly T[], ask: (some: readonly T[]) => Promise<readonly R[]>): Promise<readonly R[]> {
    const most = this.#connection.isCluster ? 1 : MOST_KEYS;
    const calls: Promise<readonly R[]>[] = [];
    for (let from = 0; from < all.length; from += most) calls.push(ask(all.slice(from, from + most)));
    return (await Promise.all(calls)).flat();
  }

  /** By its digest: only a server that has never run it needs its text. */
  async #run(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#connection.send(['EVALSHA', digestOf(script), ...rest]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#connection.send(['EVAL', script, ...rest]);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT');
}

function leaseKey(name: string): string {
  return `${PREFIX}lease:{${name}}`;
}

function valueKey(key: string): string {
  return `${PREFIX}value:${key}`;
}

/** The rows, their order, and what is known of the table. */
function tableKeys(table: string): [string, string, string] {
  const key = `${PREFIX}{table:${table}}`;
  return [`${key}:rows`, `${key}:order`, `${key}:head`];
}

function boardKey(board: string): string {
  return `${PREFIX}board:${board}`;
}

function logKey(log: string): string {
  return `${PREFIX}log:${log}`;
}

function wholeMs(ms: number): string {
  return String(Math.max(1, Math.ceil(ms)));
}

function loanOf(text: string): Loan {
  const [granted = 0, left = 0, resetMs = 0, retryAfterMs = 0] = text.split(' ').map(Number);
  return { granted, left, resetMs, retryAfterMs };
}

function entries(reply: unknown): NodeEntry[] {
  return pairs(texts(reply)).map(([id, address]) => ({ id, address }));
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : []));
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
