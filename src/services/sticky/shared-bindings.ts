// Which member a session is bound to on all nodes. Rule: no request waits for it: what a node has heard holds from the session's first use here on,
// what it has not heard from the next; the first binding that the state knows is the one that counts, until its session moves.
import { createHash } from 'node:crypto';
import type { Listening, SharedState } from '../../state/shared-state.ts';
import type { BindingsElsewhere } from './sticky-sessions.ts';

export interface SharedBindingsOptions {
  readonly state: Pick<SharedState, 'bind' | 'put' | 'publish' | 'hear' | 'isUp'>;
  readonly now?: () => number;
  readonly most?: number;
}

interface Told {
  readonly digest: string;
  readonly name: string;
  readonly memberId: string;
  readonly ttlMs: number;
  readonly isMove: boolean;
}

interface Heard {
  readonly memberId: string;
  readonly untilMs: number;
}

const MOST = 100_000;
/** What is told together. */
const SOON_MS = 20;
/** While nobody can be told; what is more is not. */
const MOST_WAITING = 10_000;
const CHANNEL = 'sessions';
const DIGEST_CHARACTERS = 22;

export class SharedBindings implements BindingsElsewhere {
  /** Another node has bound a session of this one otherwise. */
  adopt: (name: string, memberId: string) => void = () => {};
  readonly #state: SharedBindingsOptions['state'];
  readonly #now: () => number;
  readonly #most: number;
  readonly #heard = new Map<string, Heard>();
  /** The names of sessions that this node has bound itself. */
  readonly #own = new Map<string, string>();
  readonly #ears: Listening;
  #waiting: Told[] = [];
  #soon: NodeJS.Timeout | null = null;

  constructor({ state, now = Date.now, most = MOST }: SharedBindingsOptions) {
    this.#state = state;
    this.#now = now;
    this.#most = most;
    this.#ears = state.hear(CHANNEL, (text) => this.#hear(text));
  }

  find(name: string): string | null {
    const heard = this.#heard.get(digestOf(name));
    return heard !== undefined && heard.untilMs > this.#now() ? heard.memberId : null;
  }

  bound(name: string, memberId: string, ttlMs: number, isMove: boolean): void {
    const digest = digestOf(name);
    this.#remember(this.#own, digest, name);
    this.#remember(this.#heard, digest, { memberId, untilMs: this.#now() + ttlMs });
    if (this.#waiting.length >= MOST_WAITING || !this.#state.isUp) return;
    this.#waiting.push({ digest, name, memberId, ttlMs, isMove });
    this.#soon ??= setTimeout(() => void this.#tell(), SOON_MS).unref();
  }

  close(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#ears.close();
  }

  async #tell(): Promise<void> {
    this.#soon = null;
    const told = this.#waiting;
    this.#waiting = [];
    try {
      const bindings = await Promise.all(told.map((each) => this.#settle(each)));
      await this.#state.publish(CHANNEL, JSON.stringify(bindings));
    } catch {
      // Each node goes on with its own.
    }
  }

  /** What counts of it. */
  async #settle({ digest, name, memberId, ttlMs, isMove }: Told): Promise<[string, string, number]> {
    const key = `session:${digest}`;
    if (isMove) {
      await this.#state.put(key, memberId, ttlMs);
      return [digest, memberId, ttlMs];
    }
    const first = await this.#state.bind(key, memberId, ttlMs);
    if (first !== memberId) this.adopt(name, first);
    return [digest, first, ttlMs];
  }

  #hear(text: string): void {
    for (const [digest, memberId, ttlMs] of bindingsOf(text)) {
      this.#remember(this.#heard, digest, { memberId, untilMs: this.#now() + ttlMs });
      const name = this.#own.get(digest);
      if (name !== undefined) this.adopt(name, memberId);
    }
  }

  /** Those that came first go first. */
  #remember<T>(map: Map<string, T>, digest: string, value: T): void {
    map.delete(digest);
    const { value: oldest } = map.size < this.#most ? { value: undefined } : map.keys().next();
    if (oldest !== undefined) map.delete(oldest);
    map.set(digest, value);
  }
}

/** Of names that may hold users and their sessions nobody else learns anything. */
function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, DIGEST_CHARACTERS);
}

function bindingsOf(text: string): [string, string, number][] {
  try {
    const bindings = JSON.parse(text) as [string, string, number][];
    return Array.isArray(bindings) ? bindings.filter((each) => Array.isArray(each) && each.length === 3) : [];
  } catch {
    return [];
  }
}
