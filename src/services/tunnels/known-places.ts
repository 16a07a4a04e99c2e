// On which other nodes tunnels are, in memory that all threads read: so that visitors go there straight. Rule: one thread writes; whoever reads while
// it does, or finds no more room, hears that nothing is known, and asks the thread that knows.
import { Buffer } from 'node:buffer';

/** A name behind its length, and an address behind its own. */
const SLOT_BYTES = 192;
const ADDRESS_AT = 64;
const SLOT_BITS = 13;
const SLOTS = 1 << SLOT_BITS;
/** Beyond that looking for one takes long. */
const MOST_USED = 5_120;
/** With more names than that it would be full again at once. */
const WORTH_CLEANING = 4_096;
/** Odd while it is being written. */
const HEAD_BYTES = 4;
/** In place of the length of a name that has gone. */
const GONE = 255;

export class KnownPlaces {
  readonly memory: SharedArrayBuffer;
  readonly #version: Int32Array;
  readonly #slots: Buffer;
  readonly #places = new Map<string, string>();
  /** Slots that hold a name, or have held one. */
  #used = 0;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#version = new Int32Array(memory, 0, 1);
    this.#slots = Buffer.from(memory, HEAD_BYTES);
  }

  /** Empty: it is not known here. */
  find(name: string): string {
    const before = Atomics.load(this.#version, 0);
    if (before % 2 !== 0) return '';
    const at = this.#find(name);
    if (at < 0) return '';
    const from = at + ADDRESS_AT + 1;
    const address = this.#slots.toString('latin1', from, from + (this.#slots[at + ADDRESS_AT] ?? 0));
    return Atomics.load(this.#version, 0) === before ? address : '';
  }

  /** An empty address: on none, or here. */
  set(name: string, address: string): void {
    if ((this.#places.get(name) ?? '') === address) return;
    if (name.length >= ADDRESS_AT || address.length >= SLOT_BYTES - ADDRESS_AT) return;
    Atomics.add(this.#version, 0, 1);
    this.#remove(name);
    if (address !== '') this.#add(name, address);
    Atomics.add(this.#version, 0, 1);
  }

  #remove(name: string): void {
    if (!this.#places.delete(name)) return;
    const at = this.#find(name);
    if (at >= 0) this.#slots[at] = GONE;
  }

  #add(name: string, address: string): void {
    if (this.#used >= MOST_USED && this.#places.size < WORTH_CLEANING) this.#clean();
    if (this.#used >= MOST_USED) return;
    this.#places.set(name, address);
    this.#write(name, address);
  }

  #clean(): void {
    this.#slots.fill(0);
    this.#used = 0;
    for (const [name, address] of this.#places) this.#write(name, address);
  }

  #write(name: string, address: string): void {
    let slot = hashOf(name);
    while (this.#slots[slot * SLOT_BYTES] !== 0) slot = (slot + 1) % SLOTS;
    const at = slot * SLOT_BYTES;
    this.#slots.write(address, at + ADDRESS_AT + 1, 'latin1');
    this.#slots[at + ADDRESS_AT] = address.length;
    this.#slots.write(name, at + 1, 'latin1');
    this.#slots[at] = name.length;
    this.#used += 1;
  }

  #find(name: string): number {
    for (let step = 0, slot = hashOf(name); step < SLOTS; step += 1, slot = (slot + 1) % SLOTS) {
      const at = slot * SLOT_BYTES;
      const length = this.#slots[at] ?? 0;
      if (length === 0) return -1;
      if (length === name.length && this.#slots.toString('latin1', at + 1, at + 1 + length) === name) return at;
    }
    return -1;
  }
}

function hashOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0;
  // Names that differ in their last letter lie far apart: else whoever looks for another one passes all of them.
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> (32 - SLOT_BITS);
}
