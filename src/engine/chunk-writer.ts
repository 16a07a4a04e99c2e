// Frames body bytes as chunks (RFC 9112, 7.1). Rule: sizes are our own; received chunk lines are never passed on.
import type { Head } from '../codec/http1/head.ts';
import { hexDigits, LAST_CHUNK, type OutBuffer, writeFields } from '../codec/http1/writer.ts';

export function writeChunk(out: OutBuffer, bytes: Buffer, from: number, to: number): void {
  if (to === from) return;
  out.chunkHead(to - from);
  out.copy(bytes, from, to);
  out.crlf();
}

/** Makes the chunk of `size` octets with which `out` ends larger: `more` octets and the line end are to be written next. */
export function reopenChunk(out: OutBuffer, size: number, more: number): void {
  const dataFrom = out.length - 2 - size;
  const headFrom = dataFrom - 2 - hexDigits(size);
  const dataAt = headFrom + hexDigits(size + more) + 2;
  out.reserve(dataAt - dataFrom);
  if (dataAt > dataFrom) out.bytes.copyWithin(dataAt, dataFrom, dataFrom + size);
  out.length = headFrom;
  out.chunkHead(size + more);
  out.length = dataAt + size;
}

export function writeLastChunk(out: OutBuffer, trailers: Head | null): void {
  if (trailers === null || trailers.count === 0) {
    out.copy(LAST_CHUNK, 0, LAST_CHUNK.length);
    return;
  }
  out.latin1('0\r\n');
  writeFields(out, trailers, trailers.drop);
  out.crlf();
}
