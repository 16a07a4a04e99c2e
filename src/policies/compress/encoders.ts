// The three encodings as zlib makes them. Rule: whatever a client does, a stream holds a bounded amount of memory, so windows are
// smaller than the most that the formats allow; a body whose length is known gets no more than it needs.
import type { Transform } from 'node:stream';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  zstdCompressSync,
} from 'node:zlib';
import type { Encoding } from './accepted-encodings.ts';
import { gzipOnce, MOST_BYTES, ReusedGzip } from './reused-gzip.ts';

export type Levels = Readonly<Record<Encoding, number>>;

/** As zlib makes them: what has been written comes out, at the latest, after a flush. */
export interface EncodingStream extends Transform {
  flush(kind: number, flushed: () => void): void;
}

export interface StreamNeeds {
  /** Everything is let out with each write. */
  readonly isHasty: boolean;
  /** Of the body, exactly; -1 when only its end will tell. */
  readonly bytes: number;
}

export interface Encoder {
  /** Bodies up to here are encoded on the spot: other threads would cost more than they save. */
  readonly onTheSpotBytes: number;
  /** For `EncodingStream.flush`. */
  readonly flushKind: number;
  /** At most `onTheSpotBytes`; what comes may be overwritten by the next call. */
  encode(bytes: Uint8Array): Buffer;
  open(needs: StreamNeeds): EncodingStream;
}

type Maker = (level: number) => Omit<Encoder, 'onTheSpotBytes'>;

/** A fraction of a millisecond with fast levels; slow ones always go elsewhere. */
const ON_THE_SPOT_BYTES = MOST_BYTES;
const FAST: Levels = { gzip: 6, br: 5, zstd: 6 };
/** log2 of the bytes that a stream looks back on. More hardly helps, and costs up to 4 MiB per stream. */
const BROTLI_WINDOW = { least: 10, most: 18 } as const;
const ZSTD_WINDOW = { least: 10, most: 20 } as const;

/** One for each level is enough, for a body is made in one go; null where that is not possible. */
const reused = new Map<number, ReusedGzip | null>();

function reusedGzip(level: number): ReusedGzip | null {
  const known = reused.get(level);
  if (known !== undefined) return known;
  const made = ReusedGzip.open(level);
  reused.set(level, made);
  return made;
}

const gzip: Maker = (level) => {
  const flushKind = constants.Z_SYNC_FLUSH;
  const again = level <= FAST.gzip ? reusedGzip(level) : null;
  return {
    flushKind,
    encode: (bytes) => again?.encode(bytes) ?? gzipOnce(bytes, level),
    open: ({ isHasty, bytes }) => {
      const flush = isHasty ? flushKind : constants.Z_NO_FLUSH;
      return createGzip({ level, chunkSize: chunkFor(bytes), flush });
    },
  };
};

const br: Maker = (quality) => {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_OPERATION_PROCESS } = constants;
  const flushKind = constants.BROTLI_OPERATION_FLUSH;
  const paramsFor = (bytes: number): Record<number, number> => ({
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_LGWIN]: windowFor(bytes, BROTLI_WINDOW),
  });
  return {
    flushKind,
    encode: (bytes) => {
      const { length } = bytes;
      return brotliCompressSync(bytes, { params: paramsFor(length), chunkSize: chunkFor(length) });
    },
    open: ({ isHasty, bytes }) => {
      const flush = isHasty ? flushKind : BROTLI_OPERATION_PROCESS;
      return createBrotliCompress({ params: paramsFor(bytes), chunkSize: chunkFor(bytes), flush });
    },
  };
};

const zstd: Maker = (level) => {
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_e_continue } = constants;
  const flushKind = constants.ZSTD_e_flush;
  const paramsFor = (bytes: number): Record<number, number> => ({
    [ZSTD_c_compressionLevel]: level,
    [ZSTD_c_windowLog]: windowFor(bytes, ZSTD_WINDOW),
  });
  return {
    flushKind,
    encode: (bytes) => {
      const { length } = bytes;
      return zstdCompressSync(bytes, { params: paramsFor(length), chunkSize: chunkFor(length) });
    },
    open: ({ isHasty, bytes }) => {
      const flush = isHasty ? flushKind : ZSTD_e_continue;
      const options = { params: paramsFor(bytes), chunkSize: chunkFor(bytes), flush };
      // Tables are as large as the body makes sense of.
      return createZstdCompress(bytes < 0 ? options : { ...options, pledgedSrcSize: bytes });
    },
  };
};

const MAKERS: Readonly<Record<Encoding, Maker>> = { gzip, br, zstd };

export function encoderOf(name: Encoding, level: number): Encoder {
  return { ...MAKERS[name](level), onTheSpotBytes: level <= FAST[name] ? ON_THE_SPOT_BYTES : 0 };
}

/**
 * The buffer that output goes into lives until the collector goes through everything: it is as large as will be needed and not
 * larger. Text comes to half of it and less, to a third of it where it is long.
 */
function chunkFor(bytes: number): number {
  if (bytes < 0) return 32 * 1024;
  return Math.min(64 * 1024, Math.max(1024, Math.ceil(bytes / (bytes > ON_THE_SPOT_BYTES ? 2.5 : 2))));
}

/** Unknown and too much are the same. */
function windowFor(bytes: number, { least, most }: { readonly least: number; readonly most: number }): number {
  return bytes < 0 ? most : Math.min(most, Math.max(least, Math.ceil(Math.log2(Math.max(1, bytes)))));
}
