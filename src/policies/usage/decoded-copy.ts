// Decodes a copy of a body that is encoded, beside the body on its way. Rule: it never holds the body up: when decoding falls behind,
// or what comes out has no end, it is given up.
import { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

export interface DecodedSink {
  take(bytes: Uint8Array, from: number, to: number): void;
  /** Called once. False: not all of it could be decoded; what could has been given. */
  done(isWhole: boolean): void;
}

const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const MAX_DECODED_BYTES = 512 * 1024 * 1024;
/** As much as browsers allow an encoder to look back. */
const ZSTD_WINDOW_LOG = 23;

/** A body that is cut gives what had come of it. */
const OPENED: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })],
  ['x-gzip', () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })],
  ['deflate', () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH })],
  ['br', () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })],
  [
    'zstd',
    () =>
      createZstdDecompress({
        finishFlush: constants.ZSTD_e_flush,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
      }),
  ],
] as const);

export class DecodedCopy {
  private readonly sink: DecodedSink;
  private readonly decoder: Transform;
  private decodedBytes = 0;
  private isOver = false;

  private constructor(decoder: Transform, sink: DecodedSink) {
    this.sink = sink;
    this.decoder = decoder
      .on('data', (bytes: Buffer) => this.take(bytes))
      .on('end', () => this.finish(true))
      .on('error', () => this.finish(false));
  }

  /** null: nobody knows that encoding. */
  static open(encoding: string, sink: DecodedSink): DecodedCopy | null {
    const open = OPENED.get(encoding.trim().toLowerCase());
    return open === undefined ? null : new DecodedCopy(open(), sink);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.isOver) return;
    if (this.decoder.writableLength > MAX_WAITING_BYTES) {
      this.giveUp();
      return;
    }
    // The bytes are somebody else's as soon as this returns.
    this.decoder.write(Buffer.from(bytes.subarray(from, to)));
  }

  /** Nothing follows; what has come is still decoded. */
  end(): void {
    if (!this.isOver) this.decoder.end();
  }

  private take(bytes: Buffer): void {
    if (this.isOver) return;
    this.decodedBytes += bytes.length;
    if (this.decodedBytes > MAX_DECODED_BYTES) this.giveUp();
    else this.sink.take(bytes, 0, bytes.length);
  }

  private giveUp(): void {
    this.finish(false);
    this.decoder.destroy();
  }

  private finish(isWhole: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.done(isWhole);
  }
}
