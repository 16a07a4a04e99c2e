// Answers that the client of a tunnel gives itself, where its local server has none. Rule: a browser gets a page, everybody else JSON; it
// tells the visitor what helps the owner, and no address of the machine.
import { Buffer } from 'node:buffer';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import { plainPage } from '../../core/plain-page.ts';
import type { FieldPair } from './exposed-tunnel.ts';

export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly FieldPair[];
  readonly body: Buffer;
  /** The local server has heard nothing of the request: another one may be asked. */
  readonly isUnserved?: boolean;
}

export interface AnswerText {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export function textAnswer(
  headers: readonly FieldPair[],
  { status, code, message, hint = '' }: AnswerText,
): LocalAnswer {
  const isPage = headers.some(([name, value]) => name.toLowerCase() === 'accept' && /text\/html/i.test(value));
  const fields: FieldPair[] = [
    ['Cache-Control', 'no-store'],
    ['Sluice-Error', code],
  ];
  const body = Buffer.from(
    isPage ? plainPage({ heading: message, text: hint, small: String(status) }) : json(code, message, hint),
  );
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  if (isPage) fields.push(['Content-Type', 'text/html; charset=utf-8'], ['Content-Security-Policy', policy]);
  else fields.push(['Content-Type', 'application/json']);
  return { status, headers: [...fields, ['Content-Length', String(body.length)]], body };
}

export function nobodyListens(headers: readonly FieldPair[], port: number): LocalAnswer {
  const answer = textAnswer(headers, {
    status: 502,
    code: 'upstream_unreachable',
    message: `The tunnel works, but no server answers on port ${port} behind it.`,
    hint: 'Start the local server, then load this again.',
  });
  return { ...answer, isUnserved: true };
}

/** Nothing is asked of a server that fails its checks; when it is looked at next is worth telling. */
export function serverIsUnhealthy(headers: readonly FieldPair[], retryMs: number): LocalAnswer {
  const answer = textAnswer(headers, {
    status: 503,
    code: 'tunnel_unhealthy',
    message: 'The tunnel works, but the server behind it fails its health check.',
    hint: 'It is looked at again and again: load this again in a while.',
  });
  const later: FieldPair = ['Retry-After', String(Math.max(1, Math.ceil(retryMs / 1000)))];
  return { ...answer, headers: [...answer.headers, later], isUnserved: true };
}

/** The head of it, as the server is told. */
export function headOf({ status, headers, isUnserved = false }: LocalAnswer): Buffer {
  return writeMsgpack({ status, headers, ...(isUnserved && { unserved: true }) });
}

function json(code: string, message: string, hint: string): string {
  return `${JSON.stringify({ error: { code, message, ...(hint === '' ? {} : { hint }) } })}\n`;
}
