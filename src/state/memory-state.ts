// What nodes would share, in the memory of one process, for a program that is alone. Rule: it keeps the same promises as a Redis does; what it
// keeps ends with the process.
import { randomUUID } from 'node:crypto';
import { lend } from './lend.ts';
import { occupy } from './occupy.ts';
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

interface Ending<T> {
  readonly kept: T;
  readonly untilMs: number;
}

interface KeptLog {
  items: LogItem[];
  untilMs: number;
}

/** What is over is looked for after so many of a kind have come. */
const SWEEP_EVERY = 1_000;

/** What several of them see. */
export class MemoryShare {
  readonly buckets: Map<string, Ending<number>> = new Map();
  /** By room, then by owner. */
  readonly rooms: Map<string, Map<string, Ending<number>>> = new Map();
  readonly leases: Map<string, Ending<Lease>> = new Map();
  readonly values: Map<string, Ending<string>> = new Map();
  readonly tables: Map<string, { readonly age: string; readonly rows: Map<string, TableRow> }> = new Map();
  readonly boards: Map<string, Map<string, string>> = new Map();
  readonly logs: Map<string, KeptLog> = new Map();
  readonly nodes: Map<string, Ending<NodeEntry>> = new Map();
  readonly ears: Map<string, Set<(text: string) => void>> = new Map();
  lastFence = 0;
  lastPlace = 0;
}

export class MemoryState implements SharedState {
  readonly server: string | null = null;
  readonly isUp = true;
  readonly #share: MemoryShare;
  readonly #now: () => number;
  readonly #mine = new Set<Listening>();
  #puts = 0;

  constructor(share: MemoryShare = new MemoryShare(), now: () => number = Date.now) {
    this.#share = share;
    this.#now = now;
  }

  async borrow(wishes: readonly LoanWish[]): Promise<readonly Loan[]> {
    const { buckets } = this.#share;
    return wishes.map((wish) => {
      const { loan, paidAtMs } = lend(wish, buckets.get(wish.bucket)?.kept ?? 0, this.#now());
      this.#keep(buckets, wish.bucket, paidAtMs, loan.resetMs);
      return loan;
    });
  }

  async occupy(wishes: readonly PlaceWish[], ttlMs: number): Promise<readonly Places[]> {
    return wishes.map((wish) => this.#occupy(wish, ttlMs));
  }

  #occupy(wish: PlaceWish, ttlMs: number): Places {
    const { rooms } = this.#share;
    const room = rooms.get(wish.room) ?? new Map<string, Ending<number>>();
    room.delete(wish.owner);
    let others = 0;
    for (const [owner, { kept, untilMs }] of room) {
      if (untilMs <= this.#now()) room.delete(owner);
      else others += kept;
    }
    const places = occupy(wish, others);
    const held = wish.taken + places.granted;
    if (held > 0) room.set(wish.owner, { kept: held, untilMs: this.#now() + ttlMs });
    if (room.size > 0) rooms.set(wish.room, room);
    else rooms.delete(wish.room);
    return places;
  }

  async claim({ name, owner, value, ttlMs, takesOver }: LeaseWish): Promise<Claimed> {
    const share = this.#share;
    const held = this.#find(share.leases, name);
    if (held !== null && held.owner !== owner && held.fence !== takesOver) return { lease: held, isMine: false };
    share.lastFence = Math.max(share.lastFence + 1, Math.floor(this.#now()));
    const lease = { name, owner, value, fence: share.lastFence };
    this.#keep(share.leases, name, lease, ttlMs);
    return { lease, isMine: true };
  }

  async renew(leases: readonly HeldLease[], ttlMs: number): Promise<readonly boolean[]> {
    return leases.map(({ name, fence }) => {
      const held = this.#find(this.#share.leases, name);
      if (held?.fence !== fence) return false;
      this.#keep(this.#share.leases, name, held, ttlMs);
      return true;
    });
  }

  async release({ name, fence }: HeldLease): Promise<boolean> {
    return this.#find(this.#share.leases, name)?.fence === fence && this.#share.leases.delete(name);
  }

  async holder(name: string): Promise<Lease | null> {
    return this.#find(this.#share.leases, name);
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    this.#keep(this.#share.values, key, value, ttlMs);
  }

  async get(key: string): Promise<string | null> {
    return this.#find(this.#share.values, key);
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    const bound = this.#find(this.#share.values, key) ?? value;
    this.#keep(this.#share.values, key, bound, ttlMs);
    return bound;
  }

  async drop(key: string): Promise<void> {
    this.#share.values.delete(key);
  }

  async row(table: string, key: string): Promise<string | null> {
    return this.#share.tables.get(table)?.rows.get(key)?.text ?? null;
  }

  async swapRow(table: string, key: string, { before, after }: RowSwap): Promise<number | null> {
    const share = this.#share;
    const kept = share.tables.get(table) ?? { age: randomUUID(), rows: new Map<string, TableRow>() };
    if ((kept.rows.get(key)?.text ?? null) !== before) return null;
    share.tables.set(table, kept);
    share.lastPlace += 1;
    // What was swapped in last stands last.
    kept.rows.delete(key);
    kept.rows.set(key, { key, text: after, place: share.lastPlace });
    return share.lastPlace;
  }

  async rowsAfter(table: string, place: number, most: number): Promise<TablePage> {
    const kept = this.#share.tables.get(table);
    const rows = [...(kept?.rows.values() ?? [])].filter((row) => row.place > place).slice(0, most);
    return { age: kept?.age ?? '', rows };
  }

  async pin(board: string, key: string, note: string): Promise<void> {
    const notes = this.#share.boards.get(board) ?? new Map<string, string>();
    this.#share.boards.set(board, notes.set(key, note));
  }

  async unpin(board: string, key: string): Promise<boolean> {
    return this.#share.boards.get(board)?.delete(key) ?? false;
  }

  async pinned(board: string): Promise<ReadonlyMap<string, string>> {
    return new Map(this.#share.boards.get(board));
  }

  async append(log: string, items: readonly LogItem[], { most, ttlMs }: LogBounds): Promise<void> {
    if (items.length === 0) return;
    const kept = this.#logOf(log);
    for (const item of items) if (item.id > (kept.items.at(-1)?.id ?? -1)) kept.items.push(item);
    kept.items = kept.items.slice(-most);
    kept.untilMs = this.#now() + ttlMs;
    this.#share.logs.set(log, kept);
  }

  async readAfter(log: string, id: number, most: number): Promise<readonly LogItem[]> {
    return this.#logOf(log)
      .items.filter((item) => item.id > id)
      .slice(0, most);
  }

  async publish(channel: string, text: string): Promise<void> {
    for (const heard of this.#share.ears.get(channel) ?? []) queueMicrotask(() => heard(text));
  }

  hear(channel: string, heard: (text: string) => void, onUp: () => void = () => {}): Listening {
    const { ears } = this.#share;
    const own = (text: string): void => heard(text);
    ears.set(channel, (ears.get(channel) ?? new Set()).add(own));
    queueMicrotask(onUp);
    const listening = { close: () => void ears.get(channel)?.delete(own) };
    this.#mine.add(listening);
    return listening;
  }

  async standUp(node: NodeEntry, ttlMs: number): Promise<readonly NodeEntry[]> {
    this.#keep(this.#share.nodes, node.id, node, ttlMs);
    return this.nodes();
  }

  async standDown(id: string): Promise<void> {
    this.#share.nodes.delete(id);
  }

  async nodes(): Promise<readonly NodeEntry[]> {
    return [...this.#share.nodes.keys()].flatMap((id) => this.#find(this.#share.nodes, id) ?? []);
  }

  close(): void {
    for (const listening of this.#mine) listening.close();
  }

  #logOf(log: string): KeptLog {
    const kept = this.#share.logs.get(log);
    return kept === undefined || kept.untilMs <= this.#now() ? { items: [], untilMs: 0 } : kept;
  }

  #find<T>(map: ReadonlyMap<string, Ending<T>>, key: string): T | null {
    const found = map.get(key);
    return found === undefined || found.untilMs <= this.#now() ? null : found.kept;
  }

  #keep<T>(map: Map<string, Ending<T>>, key: string, kept: T, ttlMs: number): void {
    map.set(key, { kept, untilMs: this.#now() + ttlMs });
    this.#puts += 1;
    if (this.#puts % SWEEP_EVERY !== 0) return;
    const nowMs = this.#now();
    for (const [name, { untilMs }] of map) if (untilMs <= nowMs) map.delete(name);
  }
}
