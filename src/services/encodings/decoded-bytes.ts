// The bytes of a body without its encoding. Rule: what has no end, or an encoding that nobody knows, is not decoded at all; what is small is
// decoded at once, everything else beside the traffic. Of a body that is only a beginning comes what is in it.
import type { Buffer } from 'node:buffer';
import {
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  inflate,
  inflateSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';

const MAX_DECODED_BYTES = 64 * 1024 * 1024;
const SMALL_BYTES = 64 * 1024;
/** As much as browsers allow an encoder to look back. */
const ZSTD_WINDOW_LOG = 23;

interface Options {
  readonly maxOutputLength: number;
  readonly finishFlush?: number;
}

const WHOLE: Options = { maxOutputLength: MAX_DECODED_BYTES };
const ZSTD_PARAMS = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };

type Tell = (error: Error | null, bytes: Buffer) => void;

interface Decoder {
  /** By which a beginning is decoded as far as it goes. */
  readonly flush: number;
  readonly now: (bytes: Uint8Array, options: Options) => Buffer;
  readonly later: (bytes: Uint8Array, options: Options, tell: Tell) => void;
}

const GZIP: Decoder = { flush: constants.Z_SYNC_FLUSH, now: gunzipSync, later: gunzip };
const DEFLATE: Decoder = { flush: constants.Z_SYNC_FLUSH, now: inflateSync, later: inflate };
const BROTLI: Decoder = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  now: brotliDecompressSync,
  later: brotliDecompress,
};
const ZSTD: Decoder = {
  flush: constants.ZSTD_e_flush,
  now: (bytes, options) => zstdDecompressSync(bytes, { ...options, params: ZSTD_PARAMS }),
  later: (bytes, options, tell) => zstdDecompress(bytes, { ...options, params: ZSTD_PARAMS }, tell),
};

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', DEFLATE],
  ['br', BROTLI],
  ['zstd', ZSTD],
]);

/** Empty: as it is. */
export function encodingOf(field: string | undefined): string {
  const encoding = (field ?? '').trim().toLowerCase();
  return encoding === 'identity' ? '' : encoding;
}

export interface EncodedBytes {
  readonly bytes: Uint8Array;
  /** Empty: none. */
  readonly encoding: string;
  /** They are only the beginning. */
  readonly isCut?: boolean;
}

/** Told once, at once or later; null: it cannot be decoded. */
export function decodeBytes(encoded: EncodedBytes, tell: (decoded: Uint8Array | null) => void): void {
  const { bytes, encoding, isCut = false } = encoded;
  if (encoding === '') {
    tell(bytes);
    return;
  }
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) {
    tell(null);
    return;
  }
  const options = isCut ? { ...WHOLE, finishFlush: decoder.flush } : WHOLE;
  if (bytes.length <= SMALL_BYTES) tell(decodedNow(decoder, bytes, options));
  else decoder.later(bytes, options, (error, decoded) => tell(error === null ? decoded : null));
}

function decodedNow(decoder: Decoder, bytes: Uint8Array, options: Options): Uint8Array | null {
  try {
    return decoder.now(bytes, options);
  } catch {
    return null;
  }
}
