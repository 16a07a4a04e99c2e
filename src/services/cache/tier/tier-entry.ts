// An answer as it is kept on a server that nodes share: one text that is written and read at once. Rule: what is not exactly what was written
// is nothing; a text that is torn or of another version is a miss.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';

export interface TierAnswer {
  readonly meta: AnswerMeta;
  readonly trailers: readonly FieldLine[];
  readonly body: Uint8Array;
  /** When it was written there. */
  readonly keptAtMs: number;
}

interface Head {
  readonly meta: AnswerMeta;
  readonly trailers: readonly FieldLine[];
  readonly keptAtMs: number;
  readonly length: number;
}

const SUM_LENGTH = 40;

export function tierText({ meta, trailers, body, keptAtMs }: TierAnswer): string {
  const head: Head = { meta, trailers, keptAtMs, length: body.length };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const rest = `${JSON.stringify(head)}\n${bytes.toString('base64')}`;
  return `${sumOf(rest)}${rest}`;
}

/** null: it is nothing that can be used. */
export function tierAnswer(text: string): TierAnswer | null {
  const rest = text.slice(SUM_LENGTH);
  if (sumOf(rest) !== text.slice(0, SUM_LENGTH)) return null;
  const end = rest.indexOf('\n');
  const { length, ...head } = JSON.parse(rest.slice(0, end)) as Head;
  const body = Buffer.from(rest.slice(end + 1), 'base64');
  return body.length === length ? { ...head, body } : null;
}

function sumOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
