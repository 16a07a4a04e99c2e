// The sessions of browsers that have shown a token. Rule: only digests are kept, in memory, and a session is never worth more than the token that
// it was opened with: when that token counts no more, neither does the session.

import { randomBytes } from 'node:crypto';
import { tokenDigest, type TokenBook } from './token-book.ts';

const ID_BYTES = 32;
const MOST_SESSIONS = 256;
const HOUR_MS = 3_600_000;
/** Unused for so long, a session ends. */
const IDLE_MS = 12 * HOUR_MS;
/** However much it is used. */
const LONGEST_MS = 7 * 24 * HOUR_MS;

export const SESSION_SECONDS: number = LONGEST_MS / 1000;

interface Session {
  /** Of the token that it was opened with. */
  readonly token: Buffer;
  readonly openedAtMs: number;
  usedAtMs: number;
}

export class SessionBook {
  /** By the digest of their ids, those that were used last at the end. */
  readonly #sessions = new Map<string, Session>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** The id, which is known to nobody but the browser from now on. */
  open(token: string): string {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const nowMs = this.#nowMs();
    this.#keep(keyOf(id), { token: tokenDigest(token), openedAtMs: nowMs, usedAtMs: nowMs });
    return id;
  }

  /** The name of whoever opened it, if it is good still. */
  findHolder(id: string, tokens: TokenBook): string | undefined {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    this.#sessions.delete(key);
    const nowMs = this.#nowMs();
    if (nowMs - session.usedAtMs > IDLE_MS || nowMs - session.openedAtMs > LONGEST_MS) return undefined;
    const holder = tokens.nameOf(session.token);
    if (holder === undefined) return undefined;
    session.usedAtMs = nowMs;
    this.#keep(key, session);
    return holder;
  }

  close(id: string): void {
    this.#sessions.delete(keyOf(id));
  }

  #keep(key: string, session: Session): void {
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '');
    this.#sessions.set(key, session);
  }
}

/** Whoever measures how long it takes to find one learns of digests, which lead to no id. */
function keyOf(id: string): string {
  return tokenDigest(id).toString('base64url');
}
