// The bytes of a body without its encoding. Rule: what has no end, or an encoding that nobody knows, is not decoded at all; what is small is
// decoded at once, everything else beside the traffic.
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

const OPTIONS = { maxOutputLength: MAX_DECODED_BYTES };
const ZSTD_OPTIONS = { ...OPTIONS, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } };

type Tell = (error: Error | null, bytes: Buffer) => void;

interface Decoder {
  readonly now: (bytes: Uint8Array) => Buffer;
  readonly later: (bytes: Uint8Array, tell: Tell) => void;
}

const GZIP: Decoder = {
  now: (bytes) => gunzipSync(bytes, OPTIONS),
  later: (bytes, tell) => gunzip(bytes, OPTIONS, tell),
};

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', { now: (bytes) => inflateSync(bytes, OPTIONS), later: (bytes, tell) => inflate(bytes, OPTIONS, tell) }],
  [
    'br',
    {
      now: (bytes) => brotliDecompressSync(bytes, OPTIONS),
      later: (bytes, tell) => brotliDecompress(bytes, OPTIONS, tell),
    },
  ],
  [
    'zstd',
    {
      now: (bytes) => zstdDecompressSync(bytes, ZSTD_OPTIONS),
      later: (bytes, tell) => zstdDecompress(bytes, ZSTD_OPTIONS, tell),
    },
  ],
] as const);

/** Empty: as it is. */
export function encodingOf(field: string | undefined): string {
  const encoding = (field ?? '').trim().toLowerCase();
  return encoding === 'identity' ? '' : encoding;
}

/** Told once, at once or later; null: it cannot be decoded. */
export function decodeBytes(bytes: Uint8Array, encoding: string, tell: (decoded: Uint8Array | null) => void): void {
  if (encoding === '') {
    tell(bytes);
    return;
  }
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) tell(null);
  else if (bytes.length <= SMALL_BYTES) tell(decodedNow(decoder, bytes));
  else decoder.later(bytes, (error, decoded) => tell(error === null ? decoded : null));
}

function decodedNow(decoder: Decoder, bytes: Uint8Array): Uint8Array | null {
  try {
    return decoder.now(bytes);
  } catch {
    return null;
  }
}
