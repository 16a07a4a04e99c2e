// What nodes can share, whatever keeps it: the memory of one process, a file of one machine, or a Redis. Types only. Rule: each of them keeps the same
// promises (shared-states.test.ts); the clock that counts is that of whoever keeps it, never that of a node.

/** A token bucket: one more each `intervalMs`, `burst` of them at most. */
export interface BucketLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

export interface LoanWish {
  readonly bucket: string;
  readonly limit: BucketLimit;
  /** Gone already: it is charged whatever is left. */
  readonly spent: number;
  /** Wanted now. */
  readonly need: number;
  /** Wanted in advance: half of what is left at most. */
  readonly more: number;
}

export interface Loan {
  /** Of `need` and `more`; nobody else gets these. */
  readonly granted: number;
  /** In the bucket, after that. */
  readonly left: number;
  /** Until the bucket is full. */
  readonly resetMs: number;
  /** Until there is one more; 0: there is one. */
  readonly retryAfterMs: number;
}

/** Places for what runs at once, of which there are `most`. */
export interface PlaceWish {
  readonly room: string;
  readonly owner: string;
  readonly most: number;
  /** By what runs already: they stay taken, whatever is left. */
  readonly taken: number;
  /** Wanted beside these, now. */
  readonly need: number;
  /** Wanted in advance: half of what is left at most. */
  readonly more: number;
}

export interface Places {
  /** Of `need` and `more`; nobody else gets these. */
  readonly granted: number;
  /** That nobody has. */
  readonly left: number;
}

export interface LeaseWish {
  readonly name: string;
  readonly owner: string;
  readonly value: string;
  readonly ttlMs: number;
  /** Also from another owner, if it has this lease still, and no other. */
  readonly takesOver?: number;
}

export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly value: string;
  /** Larger than that of every lease of the name before it: who comes with an older one has lost it. */
  readonly fence: number;
}

export interface Claimed {
  /** The one in force. */
  readonly lease: Lease;
  readonly isMine: boolean;
}

export type HeldLease = Pick<Lease, 'name' | 'fence'>;

export interface LogItem {
  /** Larger than that of every item before it. */
  readonly id: number;
  readonly text: string;
}

export interface LogBounds {
  /** Older ones go. */
  readonly most: number;
  /** After the last one all go. */
  readonly ttlMs: number;
}

export interface RowSwap {
  readonly before: string | null;
  readonly after: string;
}

export interface TableRow {
  readonly key: string;
  readonly text: string;
  /** Larger than that of every row that was swapped in before it. */
  readonly place: number;
}

export interface TablePage {
  /** Another one than before: all rows were lost, and the table has begun anew. Empty: there has never been a row. */
  readonly age: string;
  readonly rows: readonly TableRow[];
}

export interface NodeEntry {
  readonly id: string;
  /** Where other nodes reach it; empty: nowhere. */
  readonly address: string;
}

export interface Listening {
  close(): void;
}

export interface SharedState {
  /** Without user and password; null: nobody else sees it. */
  readonly server: string | null;
  /** False: it is known that it would not answer. It comes back by itself. */
  readonly isUp: boolean;

  /** Of several buckets at once, each by itself whole or not at all. */
  borrow(wishes: readonly LoanWish[]): Promise<readonly Loan[]>;

  /** Of several rooms, each by itself. What an owner had before is given back, and so is all that it has when it has not asked for so long. */
  occupy(wishes: readonly PlaceWish[], ttlMs: number): Promise<readonly Places[]>;

  /** Gives the lease to whoever asks first, until its time is over; an owner that asks again gets a new one. */
  claim(wish: LeaseWish): Promise<Claimed>;
  /** For each of them; false: it is somebody else's by now, or nobody's. */
  renew(leases: readonly HeldLease[], ttlMs: number): Promise<readonly boolean[]>;
  release(lease: HeldLease): Promise<boolean>;
  holder(name: string): Promise<Lease | null>;

  put(key: string, value: string, ttlMs: number): Promise<void>;
  get(key: string): Promise<string | null>;
  /** The value that is there, which lives on for that long, or this one, if there is none. */
  bind(key: string, value: string, ttlMs: number): Promise<string>;
  drop(key: string): Promise<void>;

  /** Of one row: it costs the same however many there are. */
  row(table: string, key: string): Promise<string | null>;
  /** Only where the row stands as it was: null: not at all. It stays for good. Answers its place; null: it stands otherwise, and is left so. */
  swapRow(table: string, key: string, swap: RowSwap): Promise<number | null>;
  /** Those that were swapped in after that place, in their order. */
  rowsAfter(table: string, place: number, most: number): Promise<TablePage>;

  /** A note on a board stays until it is taken down; boards are small, and read whole. */
  pin(board: string, key: string, note: string): Promise<void>;
  unpin(board: string, key: string): Promise<boolean>;
  pinned(board: string): Promise<ReadonlyMap<string, string>>;

  /** What was appended already may be given again. */
  append(log: string, items: readonly LogItem[], bounds: LogBounds): Promise<void>;
  readAfter(log: string, id: number, most: number): Promise<readonly LogItem[]>;

  publish(channel: string, text: string): Promise<void>;
  /** `onUp`: it hears from here on, for the first time or again; what was said before it may not have heard. */
  hear(channel: string, heard: (text: string) => void, onUp?: () => void): Listening;

  /** This node is there for so long; answers who else is. */
  standUp(node: NodeEntry, ttlMs: number): Promise<readonly NodeEntry[]>;
  /** It is no more. */
  standDown(id: string): Promise<void>;
  nodes(): Promise<readonly NodeEntry[]>;

  close(): void;
}
