// A table that all nodes share, of which each has a copy. Rule: a row is changed where all nodes see it or not at all; what is known here stays known while
// nobody can be asked; and of two states of a row the later version counts, whichever came first.
import { setImmediate } from 'node:timers/promises';
import { SluiceError } from '../core/errors.ts';
import type { RowCopy, SeenTable } from './row-copy.ts';
import type { Listening, SharedState, TablePage } from './shared-state.ts';

export interface SharedRowsOptions {
  readonly state: SharedState;
  readonly copy: RowCopy;
  readonly table: string;
  /** The row is so from here on; null: it is gone. */
  readonly apply: (key: string, row: string | null) => void;
  readonly onProblem?: (error: unknown) => void;
  /** What the node had before there was anything to share; see `carryOver`. */
  readonly carried?: () => Iterable<readonly [key: string, row: string]>;
  /** What was not heard of is looked for so often. */
  readonly lookEveryMs?: number;
}

/** null: there is none from here on; undefined: it stays as it is. */
export type RowEdit = (row: string | null) => string | null | undefined;

const LOOK_EVERY_MS = 5_000;
/** Others may come between. */
const TRIES = 16;
/** So many at once keep other work waiting for a few milliseconds. */
const PAGE = 100;
const AT_ONCE = 50;
/** Said in place of a row: there may be many new ones. */
const LOOK = '';
const NOTHING: SeenTable = { age: '', place: 0, key: '' };

export class SharedRows {
  readonly #options: SharedRowsOptions;
  readonly #channel: string;
  readonly #ears: Listening;
  readonly #timer: NodeJS.Timeout;
  readonly #first = Promise.withResolvers<void>();
  #reading: Promise<void> | null = null;
  /** Begins when the one that is under way has ended. */
  #next: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: SharedRowsOptions) {
    this.#options = options;
    this.#channel = `rows:${options.table}`;
    const look = (): void => void this.catchUp().catch(() => {});
    this.#ears = options.state.hear(this.#channel, (text) => this.#hear(text), look);
    this.#timer = setInterval(look, options.lookEveryMs ?? LOOK_EVERY_MS).unref();
    look();
  }

  /** What the node had before there was anything to share: told to the others once, where they have nothing else of that key. */
  static carryOver(copy: RowCopy, rows: Iterable<readonly [key: string, row: string]>): void {
    if (copy.seen() !== null) return;
    copy.whole(() => {
      for (const [key, row] of rows) carry(copy, key, row);
      copy.see(NOTHING);
    });
  }

  /** Rejects with `state_unavailable` when it could not be changed everywhere; nothing is changed then. */
  async change(key: string, edit: RowEdit): Promise<string | null | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const before = await this.#options.state.row(this.#options.table, key);
      const base = this.#latest(key, before);
      const row = edit(base?.row ?? null);
      if (row === undefined) {
        if (before !== null) this.#take(key, before, false);
        return undefined;
      }
      if (row === null && base === null) return null;
      const after = textOf({ version: (base?.version ?? 0) + 1, row });
      if (!(await this.#swap(key, before, after))) continue;
      await this.#say(JSON.stringify([key, after]));
      return row;
    }
    throw new SluiceError('state_unavailable', { message: `others keep changing ${key} in ${this.#options.table}` });
  }

  /** As it is now for all, which is known here afterwards. Rejects when they cannot be asked. */
  async look(key: string): Promise<void> {
    const text = await this.#options.state.row(this.#options.table, key);
    if (text !== null) this.#take(key, text, false);
  }

  /** What others have changed is known here afterwards. Rejects when they cannot be asked. */
  catchUp(): Promise<void> {
    if (this.#reading === null) {
      this.#reading = this.#read().finally(() => (this.#reading = null));
      return this.#reading;
    }
    // It may have passed the row already that somebody waits for.
    const after = (): Promise<void> => {
      this.#next = null;
      return this.catchUp();
    };
    this.#next ??= this.#reading.then(after, after);
    return this.#next;
  }

  /** Resolves when all was read for the first time since the start, or after that time. */
  async ready(withinMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, withinMs);
    await Promise.race([this.#first.promise, late.promise]);
    clearTimeout(timer);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#ears.close();
  }

  async #swap(key: string, before: string | null, after: string): Promise<boolean> {
    const place = await this.#options.state.swapRow(this.#options.table, key, { before, after });
    if (place === null) return false;
    this.#take(key, after, false);
    return true;
  }

  async #read(): Promise<void> {
    await this.#carryOver();
    await this.#readAll();
    await this.#pushAll();
    this.#first.resolve();
  }

  /** There may be many: others have their turn in between. */
  async #carryOver(): Promise<void> {
    const { copy, carried } = this.#options;
    if (carried === undefined || copy.seen() !== null) return;
    const rows = carried()[Symbol.iterator]();
    for (let rest = true; rest && !this.#isClosed;) {
      rest = copy.whole(() => {
        for (let count = 0; count < PAGE; count += 1) {
          const { done, value } = rows.next();
          if (done === true) return false;
          carry(copy, value[0], value[1]);
        }
        return true;
      });
      await setImmediate();
    }
    if (!this.#isClosed) copy.see(NOTHING);
  }

  async #readAll(): Promise<void> {
    const { copy, state, table } = this.#options;
    let seen = copy.seen() ?? NOTHING;
    // The last one once more: if it is not there any more, others are not either.
    let from = Math.max(0, seen.place - 1);
    while (!this.#isClosed) {
      const page = await state.rowsAfter(table, from, PAGE);
      if (this.#isClosed) return;
      if (page.age !== seen.age || (await this.#hasLost(seen, from, page))) {
        copy.doubtAll();
        seen = { ...NOTHING, age: page.age };
        copy.see(seen);
        from = 0;
        if (page.age === '') return;
        continue;
      }
      seen = this.#takePage(page, seen);
      from = seen.place;
      if (page.rows.length < PAGE) return;
    }
  }

  /** It stands where it stood, or has been changed since. */
  async #hasLost(seen: SeenTable, from: number, { rows }: TablePage): Promise<boolean> {
    if (seen.place === 0 || from >= seen.place || rows.some(({ key }) => key === seen.key)) return false;
    return rows.length < PAGE || (await this.#options.state.row(this.#options.table, seen.key)) === null;
  }

  #takePage({ age, rows }: TablePage, seen: SeenTable): SeenTable {
    const { copy } = this.#options;
    const last = rows.at(-1);
    if (last === undefined || (last.place === seen.place && rows.length === 1)) return seen;
    const next = { age, place: last.place, key: last.key };
    copy.whole(() => {
      for (const { key, text } of rows) this.#take(key, text, true);
      copy.see(next);
    });
    return next;
  }

  /** What the others do not have, as far as it is later than what they have. */
  async #pushAll(): Promise<void> {
    const { copy } = this.#options;
    let isSaid = false;
    let rows = copy.doubted('', AT_ONCE);
    while (rows.length > 0) {
      const pushed = await Promise.all(rows.map(({ key, text }) => this.#push(key, text)));
      if (this.#isClosed) return;
      isSaid ||= pushed.includes(true);
      rows = copy.doubted(rows.at(-1)?.key ?? '', AT_ONCE);
    }
    if (isSaid) await this.#say(LOOK);
  }

  /** Whether there is something new for the others. */
  async #push(key: string, text: string): Promise<boolean> {
    const { state, table } = this.#options;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const theirs = await state.row(table, key);
      if (this.#isClosed) return false;
      if (theirs !== null && versionOf(theirs) >= versionOf(text)) {
        this.#take(key, theirs, false);
        return false;
      }
      if (await this.#swap(key, theirs, text)) return true;
    }
    return false;
  }

  #latest(key: string, shared: string | null): Version | null {
    const own = this.#options.copy.find(key);
    // The shared table may have lost it.
    if (own === null) return shared === null ? null : parsed(shared);
    return shared !== null && versionOf(shared) >= versionOf(own.text) ? parsed(shared) : parsed(own.text);
  }

  /** `isRead`: in its place of the shared table, so that it would be missed if that had lost it. */
  #take(key: string, text: string, isRead: boolean): void {
    const { copy, apply, onProblem } = this.#options;
    if (this.#isClosed) return;
    const own = copy.find(key);
    if (own !== null && versionOf(own.text) > versionOf(text)) return;
    if (own?.text !== text) {
      try {
        apply(key, parsed(text).row);
      } catch (error) {
        onProblem?.(error);
      }
    }
    if (own?.text !== text || own.isKnown !== isRead) copy.put({ key, text, isKnown: isRead });
  }

  /** Who does not hear it finds out by looking. */
  async #say(text: string): Promise<void> {
    await this.#options.state.publish(this.#channel, text).catch(() => {});
  }

  #hear(text: string): void {
    if (this.#isClosed) return;
    const [key, row] = text === LOOK ? [] : newsOf(text);
    if (key === undefined || row === undefined) void this.catchUp().catch(() => {});
    else this.#take(key, row, false);
  }
}

function carry(copy: RowCopy, key: string, row: string): void {
  if (copy.find(key) === null) copy.put({ key, text: textOf({ version: 1, row }), isKnown: false });
}

interface Version {
  readonly version: number;
  readonly row: string | null;
}

/** The version, and the row if there is one. */
function textOf({ version, row }: Version): string {
  return row === null ? String(version) : `${version} ${row}`;
}

function parsed(text: string): Version {
  const at = text.indexOf(' ');
  return { version: versionOf(text), row: at < 0 ? null : text.slice(at + 1) };
}

function versionOf(text: string): number {
  return Number.parseInt(text, 10);
}

/** Nodes may be of different versions. */
function newsOf(text: string): readonly string[] {
  try {
    const news: unknown = JSON.parse(text);
    return Array.isArray(news) && news.length === 2 && news.every((each) => typeof each === 'string') ? news : [];
  } catch {
    return [];
  }
}

/** What is there, of what a copy has. */
export function* rowsOf(copy: RowCopy): Generator<readonly [key: string, row: string]> {
  for (const { key, text } of copy.all()) {
    const { row } = parsed(text);
    if (row !== null) yield [key, row];
  }
}
