// What a thread remembers of answers that it was asked for lately, so that a hit takes one look into a map. Rule: it is believed only as long
// as the bucket of the key has the version that it had when it was read; it never takes more than its part of the memory.
import type { StoredAnswer } from './stored-answer.ts';

interface Remembered {
  readonly bucket: number;
  readonly version: number;
  readonly answers: readonly StoredAnswer[];
  readonly bytes: number;
  /** Asked for again since it was last looked at. */
  isAsked: boolean;
}

/** What one takes beside its bytes: objects, strings, and its place in the map. */
const OVERHEAD_BYTES = 2048;

export class NearAnswers {
  /** After `find`: the version of what it gave. */
  lastVersion = 0;
  readonly #byKey = new Map<string, Remembered>();
  #walk: MapIterator<[string, Remembered]> = this.#byKey.entries();
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#makeRoom();
  }

  /** What is remembered of a key, if its bucket still has this version. */
  find(key: string, versions: Int32Array<SharedArrayBuffer>): readonly StoredAnswer[] | undefined {
    const known = this.#byKey.get(key);
    if (known === undefined) return undefined;
    if (Atomics.load(versions, known.bucket) !== known.version) {
      this.#forget(key, known);
      return undefined;
    }
    known.isAsked = true;
    this.lastVersion = known.version;
    return known.answers;
  }

  put(
    key: string,
    place: { readonly bucket: number; readonly version: number },
    answers: readonly StoredAnswer[],
  ): void {
    const before = this.#byKey.get(key);
    if (before !== undefined) this.#forget(key, before);
    let bytes = key.length;
    for (const answer of answers) bytes += sizeOf(answer);
    if (bytes > this.#maxBytes / 8) return;
    this.#byKey.set(key, { ...place, answers, bytes, isAsked: false });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  /** The oldest goes, unless it was asked for again. The walk goes on where it was: a map that is walked anew counts all that has left. */
  #makeRoom(): void {
    while (this.#bytes > this.#maxBytes) {
      const { done, value } = this.#walk.next();
      if (done === true) {
        this.#walk = this.#byKey.entries();
        continue;
      }
      const [key, known] = value;
      if (known.isAsked) known.isAsked = false;
      else this.#forget(key, known);
    }
  }

  #forget(key: string, known: Remembered): void {
    this.#byKey.delete(key);
    this.#bytes -= known.bytes;
  }
}

function sizeOf({ ready, copies }: StoredAnswer): number {
  let bytes = OVERHEAD_BYTES + ready.length * 2;
  for (const copy of copies) bytes += sizeOf(copy);
  return bytes;
}
