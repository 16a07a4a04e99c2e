// An answer on its way to its client, whose beginning is copied for the log. Rule: what passes is neither changed nor delayed, and no more of
// it is held than is to be written.
import { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';

/** Of each body so much is written. */
export const MAX_LOGGED_BYTES: number = 1024 * 1024;

export class KeptBody implements BodyTransform {
  readonly keepsLength = true;
  /** All of it has come. */
  isComplete = false;
  /** How much has come. */
  bytes = 0;
  private readonly sink: BodySink;
  private readonly pieces: Buffer[] = [];
  private kept = 0;

  constructor(sink: BodySink) {
    this.sink = sink;
  }

  get beginning(): Buffer {
    return Buffer.concat(this.pieces);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.sink.write(bytes, from, to);
    this.bytes += to - from;
    const more = Math.min(to - from, MAX_LOGGED_BYTES - this.kept);
    if (more <= 0) return;
    this.kept += more;
    this.pieces.push(Buffer.from(bytes.subarray(from, from + more)));
  }

  end(): void {
    this.isComplete = true;
    this.sink.end();
  }

  abort(): void {}
}
