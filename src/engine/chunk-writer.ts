// Frames body bytes as chunks (RFC 9112, 7.1). Rule: sizes are our own; received chunk lines are never passed on.
import type { Head } from '../codec/http1/head.ts';
import { LAST_CHUNK, type OutBuffer, writeFields } from '../codec/http1/writer.ts';

export function writeChunk(out: OutBuffer, bytes: Buffer, from: number, to: number): void {
  if (to === from) return;
  out.chunkHead(to - from);
  out.copy(bytes, from, to);
  out.crlf();
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
