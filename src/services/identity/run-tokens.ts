// Tokens for the runs of agents: each is good for one run, as its user, for providers of AI and nothing else. Rule: they are in shared
// memory only, as digests; the main thread gives them out and takes them back, and every thread can tell whose one is.
import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';

export interface RunToken {
  readonly token: string;
  /** From now on it is nobody's. */
  revoke(): void;
}

/** So that only what may be one is looked for. */
const PREFIX = 'slc_run_';
const TOKEN_BYTES = 32;
const DIGEST_BYTES = 32;
const NAME_BYTES = 220;
/** State, length of the name, digest, name. */
const SLOT_BYTES = 8 + DIGEST_BYTES + NAME_BYTES;
const SLOTS = 2048;
const FREE = 0;
const TAKEN = 1;

export class RunTokens {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = Buffer.from(memory);
  }

  /** null: there is no room for another, or the name is too long. Called on the main thread only. */
  issue(user: string): RunToken | null {
    const name = Buffer.from(user);
    const slot = this.#freeSlot();
    if (slot < 0 || name.length > NAME_BYTES) return null;
    const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    const from = slot * SLOT_BYTES;
    this.#words[from / 4 + 1] = name.length;
    this.#bytes.set(digestOf(token), from + 8);
    this.#bytes.set(name, from + 8 + DIGEST_BYTES);
    Atomics.store(this.#words, from / 4, TAKEN);
    let isRevoked = false;
    const revoke = (): void => {
      if (!isRevoked) Atomics.store(this.#words, from / 4, FREE);
      isRevoked = true;
    };
    return { token, revoke };
  }

  /** The name of its user, which may be empty; null: it is none of these. */
  find(token: string): string | null {
    if (!token.startsWith(PREFIX)) return null;
    const digest = digestOf(token);
    for (let from = 0; from < this.memory.byteLength; from += SLOT_BYTES) {
      if (Atomics.load(this.#words, from / 4) !== TAKEN || !this.#holds(from, digest)) continue;
      const length = this.#words[from / 4 + 1] ?? 0;
      const name = this.#bytes.toString('utf8', from + 8 + DIGEST_BYTES, from + 8 + DIGEST_BYTES + length);
      // It may have been taken back, and given to another, meanwhile.
      return Atomics.load(this.#words, from / 4) === TAKEN && this.#holds(from, digest) ? name : null;
    }
    return null;
  }

  #holds(from: number, digest: Buffer): boolean {
    return digest.compare(this.#bytes, from + 8, from + 8 + DIGEST_BYTES) === 0;
  }

  #freeSlot(): number {
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (Atomics.load(this.#words, (slot * SLOT_BYTES) / 4) === FREE) return slot;
    }
    return -1;
  }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
