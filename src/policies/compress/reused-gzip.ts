// The only file that leans on private fields of node:zlib. A gzip that makes one small body after the other, on the spot: a new
// one for each costs a quarter more, for its memory is touched anew and what it leaves behind stays until the collector goes
// through everything. Rule: nothing here is believed until it has been seen to work in this very process; whoever gets null
// makes a new one for each body instead.
import { constants, createGzip, type Gzip, gzipSync, type ZlibOptions, type ZlibReset } from 'node:zlib';

/** So long may a body be. */
export const MOST_BYTES: number = 16 * 1024;

/** Even a body that cannot be made smaller fits into it with room to spare. */
const OUT_BYTES = 2 * MOST_BYTES;

/** Looks back as far as the longest body goes. */
const WINDOW_BITS = 14;

/** Those with which it was tried: a wrong call of what is private ends the process. */
const TRIED_NODES: readonly string[] = ['26'];

interface SyncHandle {
  writeSync(
    flush: number,
    ...[from, at, length, out, outAt, outLength]: readonly [Uint8Array, number, number, Uint8Array, number, number]
  ): void;
}

/** The state says after each call how much room is left, and how much was not taken. */
type PrivateGzip = Gzip & ZlibReset & { readonly _handle: SyncHandle | null; readonly _writeState: Uint32Array };

export class ReusedGzip {
  readonly #stream: PrivateGzip;
  readonly #out = Buffer.allocUnsafeSlow(OUT_BYTES);

  private constructor(stream: PrivateGzip) {
    this.#stream = stream;
    // One that has failed is closed, and answers null from then on.
    stream.on('error', () => {});
  }

  /** Null when that is not possible here. */
  static open(level: number): ReusedGzip | null {
    const stream = createGzip(settingsOf(level)) as PrivateGzip;
    const isFit = isTried() && typeof stream._handle?.writeSync === 'function' && stream._writeState.length === 2;
    const gzip = new ReusedGzip(stream);
    if (isFit && works(gzip, level)) return gzip;
    stream.destroy();
    return null;
  }

  /** What comes is overwritten by the next call; null when it did not work. */
  encode(bytes: Uint8Array): Buffer | null {
    const { _handle: handle, _writeState: state } = this.#stream;
    if (handle === null || bytes.length > MOST_BYTES) return null;
    this.#stream.reset();
    handle.writeSync(constants.Z_FINISH, bytes, 0, bytes.length, this.#out, 0, OUT_BYTES);
    const [room, left] = state as unknown as readonly [number, number];
    return this.#stream.destroyed || room === 0 || left > 0 ? null : this.#out.subarray(0, OUT_BYTES - room);
  }

  /** As after an error of its own. */
  close(): void {
    this.#stream.destroy();
  }
}

/** The same bytes, by a new one. */
export function gzipOnce(bytes: Uint8Array, level: number): Buffer {
  // As large as text needs: it lives until the collector goes through everything.
  const chunkSize = Math.max(1024, Math.ceil(bytes.length / 2));
  return gzipSync(bytes, { ...settingsOf(level), chunkSize });
}

function settingsOf(level: number): ZlibOptions {
  return { level, windowBits: WINDOW_BITS };
}

function isTried(): boolean {
  return TRIED_NODES.includes(process.versions.node.split('.', 1)[0] ?? '');
}

/** A long one, a short one, and one that does not get smaller. */
const PROBES: readonly Uint8Array[] = [
  Buffer.alloc(MOST_BYTES, 'a probe, '),
  Buffer.from('short'),
  Uint8Array.from({ length: 256 }, (_, index) => index),
];

function works(gzip: ReusedGzip, level: number): boolean {
  return PROBES.every((probe) => gzip.encode(probe)?.equals(gzipOnce(probe, level)) === true);
}
