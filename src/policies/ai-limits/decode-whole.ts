// Decodes a body that is there whole. Rule: what would come out larger than may be is given up before it is there.
import type { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate, zstdDecompress } from 'node:zlib';

type Decode = (bytes: Uint8Array, maxOutputLength: number) => Promise<Buffer>;

/** As much as browsers allow an encoder to look back. */
const ZSTD_WINDOW_LOG = 23;

const unzip = promisify(gunzip);
const unzstd = promisify(zstdDecompress);
const unbrotli = promisify(brotliDecompress);
const undeflate = promisify(inflate);

const byGzip: Decode = (bytes, maxOutputLength) => unzip(bytes, { maxOutputLength });

const DECODED: ReadonlyMap<string, Decode> = new Map([
  ['gzip', byGzip],
  ['x-gzip', byGzip],
  ['deflate', (bytes, maxOutputLength) => undeflate(bytes, { maxOutputLength })],
  ['br', (bytes, maxOutputLength) => unbrotli(bytes, { maxOutputLength })],
  [
    'zstd',
    (bytes, maxOutputLength) => {
      return unzstd(bytes, { maxOutputLength, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });
    },
  ],
]);

export async function decodeWhole(
  encoding: string,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Buffer | 'too large' | 'unreadable'> {
  try {
    return (await DECODED.get(encoding)?.(bytes, maxBytes)) ?? 'unreadable';
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? 'too large' : 'unreadable';
  }
}
