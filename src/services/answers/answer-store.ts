// Answers that are given again to whoever asks the same, in memory. Rule: what is kept and what is on its way to be kept together never take
// more than the bound; the answer that was not asked for longest goes first, and none is given that is older than whoever asks allows.
import type { TokenCounts } from '../usage/usage-record.ts';

export interface KeptAnswer {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** It came without a length, and is given again without one. */
  readonly isStream: boolean;
  readonly keptAtMs: number;
  readonly model: string;
  /** What it has used when it was made; null: nobody knows. */
  readonly used: TokenCounts | null;
}

/** One answer may take so much of the whole. */
const SHARE_OF_ONE = 8;
/** What an answer takes beside its bytes. */
const OVERHEAD_BYTES = 512;

export class AnswerStore {
  private maxBytes = 0;
  /** Of those that are kept, and of those that are being collected. */
  private keptBytes = 0;
  private reservedBytes = 0;
  /** In the order in which they were asked for. */
  private readonly answers = new Map<string, KeptAnswer>();

  private readonly changed: () => void;

  /** `changed` is called when it holds more or less than before. */
  constructor(maxBytes: number, changed: () => void = () => {}) {
    this.changed = changed;
    this.bound(maxBytes);
  }

  get bytes(): number {
    return this.keptBytes + this.reservedBytes;
  }

  get count(): number {
    return this.answers.size;
  }

  /** An answer that is larger is not kept. */
  get mostOfOne(): number {
    return Math.floor(this.maxBytes / SHARE_OF_ONE);
  }

  bound(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.makeRoom(0);
  }

  find(key: string, maxAgeMs: number, nowMs: number): KeptAnswer | null {
    const answer = this.answers.get(key);
    if (answer === undefined || nowMs - answer.keptAtMs >= maxAgeMs) return null;
    this.answers.delete(key);
    this.answers.set(key, answer);
    return answer;
  }

  put(key: string, answer: KeptAnswer): void {
    this.drop(key);
    const size = sizeOf(key, answer);
    if (size > this.mostOfOne || !this.makeRoom(size)) return;
    this.answers.set(key, answer);
    this.keptBytes += size;
    this.changed();
  }

  /** Of whatever has become older than anybody is given. */
  forgetBefore(atMs: number): void {
    for (const [key, { keptAtMs }] of this.answers) if (keptAtMs < atMs) this.drop(key);
  }

  /** Room for so many bytes of an answer that is on its way; false: there is none. */
  reserve(bytes: number): boolean {
    if (!this.makeRoom(bytes)) return false;
    this.reservedBytes += bytes;
    this.changed();
    return true;
  }

  release(bytes: number): void {
    this.reservedBytes -= bytes;
    this.changed();
  }

  private makeRoom(bytes: number): boolean {
    if (this.reservedBytes + bytes > this.maxBytes) return false;
    for (const key of this.answers.keys()) {
      if (this.bytes + bytes <= this.maxBytes) break;
      this.drop(key);
    }
    return true;
  }

  private drop(key: string): void {
    const answer = this.answers.get(key);
    if (answer === undefined) return;
    this.answers.delete(key);
    this.keptBytes -= sizeOf(key, answer);
    this.changed();
  }
}

function sizeOf(key: string, { body, fields }: KeptAnswer): number {
  const head = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return key.length + head + body.length + OVERHEAD_BYTES;
}
