// The three encodings as zlib makes them. Rule: whatever a client does, a stream holds a bounded amount of memory, so windows are
// smaller than the most that the formats allow.
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Encoding } from './accepted-encodings.ts';

export type Levels = Readonly<Record<Encoding, number>>;

/** As zlib makes them: what has been written comes out, at the latest, after a flush. */
export interface EncodingStream extends Transform {
  flush(kind: number, flushed: () => void): void;
}

export interface Encoder {
  readonly name: Encoding;
  /** Bodies up to here are encoded on the spot: other threads would cost more than they save. */
  readonly onTheSpotBytes: number;
  /** For `EncodingStream.flush`. */
  readonly flushKind: number;
  encode(bytes: Uint8Array): Buffer;
  /** A hasty one lets everything out with each write. */
  open(isHasty: boolean): EncodingStream;
}

/** What a piece of 64 KiB usually comes to fits in, so that one trip to another thread is enough. */
const CHUNK_BYTES = 32 * 1024;
/** A fraction of a millisecond with fast levels; slow ones always go elsewhere. */
const ON_THE_SPOT_BYTES = 16 * 1024;
const FAST: Levels = { gzip: 6, br: 5, zstd: 6 };
/** log2 of the bytes that a stream looks back on. More hardly helps the web's bodies, and costs up to 4 MiB per stream. */
const BROTLI_WINDOW = 18;
const ZSTD_WINDOW = 20;

const MAKERS: Readonly<Record<Encoding, (level: number) => Pick<Encoder, 'flushKind' | 'encode' | 'open'>>> = {
  gzip: (level) => {
    const flushKind = constants.Z_SYNC_FLUSH;
    const options = { level, chunkSize: CHUNK_BYTES };
    return {
      flushKind,
      encode: (bytes) => gzipSync(bytes, options),
      open: (isHasty) => createGzip(isHasty ? { ...options, flush: flushKind } : options),
    };
  },
  br: (quality) => {
    const flushKind = constants.BROTLI_OPERATION_FLUSH;
    const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW };
    const options = { params, chunkSize: CHUNK_BYTES };
    return {
      flushKind,
      encode: (bytes) => brotliCompressSync(bytes, options),
      open: (isHasty) => createBrotliCompress(isHasty ? { ...options, flush: flushKind } : options),
    };
  },
  zstd: (level) => {
    const flushKind = constants.ZSTD_e_flush;
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: ZSTD_WINDOW };
    const options = { params, chunkSize: CHUNK_BYTES };
    return {
      flushKind,
      encode: (bytes) => zstdCompressSync(bytes, options),
      open: (isHasty) => createZstdCompress(isHasty ? { ...options, flush: flushKind } : options),
    };
  },
};

export function encoderOf(name: Encoding, level: number): Encoder {
  return { name, onTheSpotBytes: level <= FAST[name] ? ON_THE_SPOT_BYTES : 0, ...MAKERS[name](level) };
}
