// A request of the book as it is shown. Rule: credentials and cookies are masked unless the owner wants to see them; a body is text where
// it is text, else base64.
import { type Buffer, isUtf8 } from 'node:buffer';
import { redactHeader, redactTarget } from '../../core/redact.ts';
import { isSecretHeader } from '../../core/secret-names.ts';
import type { BookEntry, KeptBody } from '../../services/tunnel-client/request-book.ts';
import type { FieldPair } from '../../services/tunnel-client/exposed-tunnel.ts';

export interface BodyReport {
  readonly bytes: number;
  readonly text: string | null;
  readonly base64: string | null;
  /** There was more than is kept. */
  readonly cut: boolean;
}

export interface RequestReport {
  readonly id: number;
  readonly atMs: number;
  readonly tunnel: string;
  readonly kind: 'http' | 'websocket';
  readonly method: string;
  readonly path: string;
  /** null: there is no answer yet, or there was none. */
  readonly status: number | null;
  /** null: it still runs. */
  readonly durationMs: number | null;
  readonly replayOf: number | null;
  readonly requestHeaders: readonly FieldPair[];
  readonly request: BodyReport;
  readonly answerHeaders: readonly FieldPair[];
  readonly answer: BodyReport;
}

export function requestReport(entry: BookEntry, showsSecrets: boolean): RequestReport {
  const { id, atMs, tunnel, open, status, durationMs, replayOf, answerHeaders, request, answer } = entry;
  const shown = (fields: readonly FieldPair[]): FieldPair[] =>
    fields.map(([name, value]) => [name, showsSecrets ? value : masked(name, value)]);
  return {
    id,
    atMs,
    tunnel: tunnel.name,
    kind: open.mode === 'ws' ? 'websocket' : 'http',
    method: open.method,
    path: showsSecrets ? open.path : redactTarget(open.path),
    status: status === 0 ? null : status,
    durationMs,
    replayOf,
    requestHeaders: shown(open.headers),
    request: bodyReport(request),
    answerHeaders: shown(answerHeaders),
    answer: bodyReport(answer),
  };
}

function masked(name: string, value: string): string {
  return isSecretHeader(name) ? '***' : redactHeader(name, value);
}

function bodyReport({ bytes: all, length }: KeptBody): BodyReport {
  const bytes = all.length < length ? wholeCharacters(all) : all;
  const isText = isUtf8(bytes) && !hasControls(bytes);
  return {
    bytes: length,
    text: isText ? bytes.toString() : null,
    base64: isText ? null : bytes.toString('base64'),
    cut: all.length < length,
  };
}

/** Without the beginning of a last character. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let less = 0; less < 4; less += 1) {
    const shorter = bytes.subarray(0, bytes.length - less);
    if (isUtf8(shorter)) return shorter;
  }
  return bytes;
}

function hasControls(bytes: Buffer): boolean {
  return bytes.some((byte) => byte < 9);
}
