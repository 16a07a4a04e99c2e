// A body on its way, whose beginning is copied. Rule: what passes is neither changed nor delayed, and no more of it is held than is wanted.
import { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { CapturedBody } from '../../telemetry/capture-shelf.ts';

export class CopiedBody implements BodyTransform {
  readonly keepsLength = true;
  private readonly sink: BodySink;
  private readonly most: number;
  private readonly pieces: Buffer[] = [];
  private kept = 0;
  private length = 0;
  private isComplete = false;

  constructor(sink: BodySink, most: number) {
    this.sink = sink;
    this.most = most;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.length += to - from;
    const end = Math.min(to, from + this.most - this.kept);
    if (end > from) {
      this.pieces.push(Buffer.from(bytes.subarray(from, end)));
      this.kept += end - from;
    }
    this.sink.write(bytes, from, to);
  }

  end(): void {
    this.isComplete = true;
    this.sink.end();
  }

  abort(): void {}

  captured(): CapturedBody {
    return { bytes: Buffer.concat(this.pieces), length: this.length, isComplete: this.isComplete };
  }
}
