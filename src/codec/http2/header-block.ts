// The header block of one message, which may come in several frames (RFC 9113, 6.10). Rule: a block that lies whole in its frame is
// read where it lies; one in pieces is kept within bounds that hold before anything of it has been read (CVE-2024-27983).
import { Buffer } from 'node:buffer';
import { MAX_PAYLOAD_BYTES } from './frames.ts';

/** Frames beside those that a block needs for its size: a sender who splits what fits into one only makes us work. */
const SPARE_FRAMES = 8;

export class HeaderBlock {
  /** The stream whose block is not complete; 0 when there is none. */
  stream = 0;
  endsStream = false;
  private readonly maxBytes: number;
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private frames = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  begin(stream: number, endsStream: boolean): void {
    this.stream = stream;
    this.endsStream = endsStream;
    this.frames = 0;
  }

  /** False: there is too much of it. */
  keep(bytes: Buffer, from: number, to: number): boolean {
    this.frames += 1;
    this.keptBytes += to - from;
    if (this.keptBytes > this.maxBytes) return false;
    if (this.frames > SPARE_FRAMES + this.keptBytes / MAX_PAYLOAD_BYTES) return false;
    this.kept.push(Buffer.from(bytes.subarray(from, to)));
    return true;
  }

  get isInPieces(): boolean {
    return this.keptBytes > 0;
  }

  /** What was kept, with the last piece. */
  join(bytes: Buffer, from: number, to: number): Buffer {
    return Buffer.concat([...this.kept, bytes.subarray(from, to)]);
  }

  end(): void {
    this.stream = 0;
    this.keptBytes = 0;
    if (this.kept.length > 0) this.kept = [];
  }
}
