// The names of tunnels that belong to users of the configuration, in memory that all threads read. Rule: one thread writes; whoever reads
// while it does, or finds no more room, hears that a name is not known, which is never the less careful answer.
import { Buffer } from 'node:buffer';

/** A name is a label (RFC 1035, 2.3.4), behind its length. */
const SLOT_BYTES = 64;
const SLOTS = 4_096;
/** Beyond that looking for one takes long. */
const MOST_NAMES = 3_072;
/** Odd while it is being written. */
const HEAD_BYTES = 4;

export class KnownNames {
  readonly memory: SharedArrayBuffer;
  readonly #version: Int32Array;
  readonly #slots: Buffer;
  readonly #names = new Set<string>();
  #isDue = false;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#version = new Int32Array(memory, 0, 1);
    this.#slots = Buffer.from(memory, HEAD_BYTES);
  }

  has(name: string): boolean {
    const before = Atomics.load(this.#version, 0);
    if (before % 2 !== 0 || name.length === 0 || name.length >= SLOT_BYTES) return false;
    const isThere = this.#find(name);
    return isThere && Atomics.load(this.#version, 0) === before;
  }

  add(name: string): void {
    if (this.#names.has(name) || this.#names.size >= MOST_NAMES || name.length >= SLOT_BYTES) return;
    this.#names.add(name);
    this.#write(() => this.#place(name));
  }

  /** Many may go at once: the rest is written anew when all of them have. */
  delete(name: string): void {
    if (!this.#names.delete(name) || this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#write(() => {
        this.#slots.fill(0);
        for (const each of this.#names) this.#place(each);
      });
    });
  }

  #write(change: () => void): void {
    Atomics.add(this.#version, 0, 1);
    change();
    Atomics.add(this.#version, 0, 1);
  }

  #find(name: string): boolean {
    for (let step = 0, slot = hashOf(name); step < SLOTS; step += 1, slot = (slot + 1) % SLOTS) {
      const at = slot * SLOT_BYTES;
      const length = this.#slots[at] ?? 0;
      if (length === 0) return false;
      if (length === name.length && this.#slots.toString('latin1', at + 1, at + 1 + length) === name) return true;
    }
    return false;
  }

  #place(name: string): void {
    let slot = hashOf(name);
    while (this.#slots[slot * SLOT_BYTES] !== 0) slot = (slot + 1) % SLOTS;
    // The name before its length, by which it is found.
    this.#slots.write(name, slot * SLOT_BYTES + 1, 'latin1');
    this.#slots[slot * SLOT_BYTES] = name.length;
  }
}

function hashOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0;
  return (hash >>> 0) % SLOTS;
}
