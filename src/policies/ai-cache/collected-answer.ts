// An answer on its way to its client, copied so that it can be given again. Rule: what passes is neither changed nor delayed, and of an
// answer that is cut, or for which there is no room, nothing stays.
import { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { AnswerStore } from '../../services/answers/answer-store.ts';

export class CollectedAnswer implements BodyTransform {
  readonly keepsLength = true;
  private readonly sink: BodySink;
  private readonly store: AnswerStore;
  private readonly isWhole: (body: Buffer) => void;
  /** null: it is not kept any more. */
  private pieces: Buffer[] | null = [];
  private bytes = 0;

  /** `isWhole` is called at most once, before the end is passed on. */
  constructor(sink: BodySink, store: AnswerStore, isWhole: (body: Buffer) => void) {
    this.sink = sink;
    this.store = store;
    this.isWhole = isWhole;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.sink.write(bytes, from, to);
    this.copy(bytes, from, to);
  }

  end(): void {
    const { pieces } = this;
    this.letGo();
    if (pieces !== null) this.isWhole(Buffer.concat(pieces));
    this.sink.end();
  }

  abort(): void {
    this.letGo();
  }

  private copy(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (this.pieces === null) return;
    if (this.bytes + size > this.store.mostOfOne || !this.store.reserve(size)) {
      this.letGo();
      return;
    }
    this.bytes += size;
    this.pieces.push(Buffer.from(bytes.subarray(from, to)));
  }

  private letGo(): void {
    this.store.release(this.bytes);
    this.bytes = 0;
    this.pieces = null;
  }
}
