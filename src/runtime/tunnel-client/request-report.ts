// A request of the book as it is shown. Rule: credentials and cookies are masked unless the owner wants to see them; a body is text where
// it is text, else base64.
import { redactTarget } from '../../core/redact.ts';
import type { BookEntry } from '../../services/tunnel-client/request-book.ts';
import type { FieldPair } from '../../services/tunnel-client/exposed-tunnel.ts';
import { type ShownBody, shownBody, shownField } from '../shown-message.ts';

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
  readonly request: ShownBody;
  readonly answerHeaders: readonly FieldPair[];
  readonly answer: ShownBody;
}

export function requestReport(entry: BookEntry, showsSecrets: boolean): RequestReport {
  const { id, atMs, tunnel, open, status, durationMs, replayOf, answerHeaders, request, answer } = entry;
  const shown = (fields: readonly FieldPair[]): FieldPair[] =>
    fields.map(([name, value]) => [name, showsSecrets ? value : shownField(name, value)]);
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
    request: shownBody(request.bytes, request.length),
    answerHeaders: shown(answerHeaders),
    answer: shownBody(answer.bytes, answer.length),
  };
}
