// Purges for all nodes: told to a server that they share, and heard from there. Rule: what a node has not heard, because it was not there or the
// server was not, it hears later; until the server has taken a purge it is told again.
import { randomUUID } from 'node:crypto';
import type { PurgeWish } from '../purge-wish.ts';
import { purgeOf, PURGES_KEY, tellPurge, type TierPurge } from './purge-text.ts';
import type { TierServer } from './tier-server.ts';

/** More that could not be told are told as one that means all. */
const MOST_WAITING = 1_000;
/** Clocks of nodes differ. */
const CLOCKS_MS = 5_000;
const RETRY_MS = 1_000;

export interface SharedPurgesOptions {
  readonly server: TierServer;
  readonly carryOut: (purge: PurgeWish) => void;
  readonly nowMs?: () => number;
}

export class SharedPurges {
  readonly #options: SharedPurgesOptions;
  readonly #nowMs: () => number;
  readonly #me: string = randomUUID();
  #waiting: TierPurge[] = [];
  #isTelling = false;
  #heardUntilMs: number;
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: SharedPurgesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#heardUntilMs = this.#nowMs();
  }

  tell({ orders, isSoft }: PurgeWish): void {
    const purge: TierPurge = { from: this.#me, atMs: this.#nowMs(), orders, isSoft };
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(purge);
    else this.#waiting = [{ ...purge, orders: [{ kind: 'all' }], isSoft: false }];
    void this.#tellAll();
  }

  hear(text: string): void {
    const purge = purgeOf(text);
    this.#heardUntilMs = Math.max(this.#heardUntilMs, Math.min(purge.atMs, this.#nowMs()));
    if (purge.from !== this.#me) this.#options.carryOut(purge);
  }

  /** It hears again: what was said meanwhile stands in the list. */
  async catchUp(): Promise<void> {
    void this.#tellAll();
    const since = String(this.#heardUntilMs - CLOCKS_MS);
    try {
      const purges = await this.#options.server.send(['ZRANGEBYSCORE', PURGES_KEY, since, '+inf']);
      if (Array.isArray(purges)) for (const text of purges) this.hear(String(text));
    } catch {
      // It is not there again: then this is called again, too.
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#options.server.close();
  }

  async #tellAll(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        await tellPurge(this.#options.server, next);
        if (this.#waiting[0] === next) this.#waiting.shift();
      }
    } catch {
      if (!this.#isClosed) this.#retry ??= setTimeout(() => this.#again(), RETRY_MS).unref();
    } finally {
      this.#isTelling = false;
    }
  }

  #again(): void {
    this.#retry = null;
    void this.#tellAll();
  }
}
