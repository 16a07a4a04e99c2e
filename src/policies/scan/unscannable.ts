// What cannot be scanned, by what the head says of a body. Rule: whatever a scanner would not see as whoever reads it will see it
// cannot be scanned: a part of something, an encoding that it does not undo, a stream whose end nobody can wait for.
import type { Fields } from '../../contract/exchange.ts';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import type { Direction, NotScanned } from './scan-ears.ts';

export interface Unscannable {
  readonly reason: NotScanned;
  /** Of what is sent, in a few words: "it …". */
  readonly detail: string;
}

/** A file of gzip is one of the archives that clamd looks into, and gzip as an encoding is no other bytes than such a file. */
const TRANSPARENT = new Set(['', 'identity', 'gzip', 'x-gzip']);
/** Types whose parts are to arrive as they are made. */
const STREAMS = /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/grpc(?:[+-].*)?)$/;

export const PART: Unscannable = { reason: 'partial', detail: 'it is only a part' };

/** Null: it can be scanned. */
export function unscannable(fields: Fields, maxBytes: number): Unscannable | null {
  const length = Number(fields.get('content-length') ?? 0);
  if (length > maxBytes) return tooLarge(maxBytes);
  if (fields.has('content-range')) return PART;
  const encoding = encodingOf(fields);
  if (!TRANSPARENT.has(encoding)) return { reason: 'encoded', detail: `it is encoded with ${encoding}` };
  const type = typeOf(fields);
  if (STREAMS.test(type)) return { reason: 'stream', detail: `it is a stream without an end (${type})` };
  return null;
}

export function tooLarge(maxBytes: number): Unscannable {
  return { reason: 'too_large', detail: `it is larger than the ${maxBytes} bytes up to which bodies are scanned` };
}

/** What the client is told of a body that was not scanned. */
export function notScannedError(direction: Direction, { reason, detail }: Unscannable): SluiceError {
  return new SluiceError(codeOf(direction, reason), { message: `${subjectOf(direction)} was not scanned: ${detail}` });
}

export function infectedError(direction: Direction, signature: string): SluiceError {
  return new SluiceError('content_infected', { message: `${subjectOf(direction)} is infected: ${signature}` });
}

const CODES: Readonly<Record<NotScanned, ErrorCode>> = {
  too_large: 'content_not_scannable',
  size_limit: 'content_not_scannable',
  encoded: 'content_not_scannable',
  partial: 'content_not_scannable',
  stream: 'content_not_scannable',
  form: 'content_not_scannable',
  unreachable: 'scan_failed',
  timeout: 'scan_failed',
  busy: 'scan_failed',
  invalid: 'scan_failed',
};

/** Clients know what to make of one that is too large. */
function codeOf(direction: Direction, reason: NotScanned): ErrorCode {
  const isTooLarge = reason === 'too_large' || reason === 'size_limit';
  return isTooLarge && direction === 'request' ? 'request_body_too_large' : CODES[reason];
}

function subjectOf(direction: Direction): string {
  return direction === 'request' ? 'the body of the request' : 'the answer';
}

function encodingOf(fields: Fields): string {
  if (!fields.has('content-encoding')) return '';
  return fields.getAll('content-encoding').join(', ').trim().toLowerCase();
}

function typeOf(fields: Fields): string {
  const [type = ''] = (fields.get('content-type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}
