// By what an answer is found again: a digest of everything that it depends on. Rule: parts are told apart by their length, so that no two
// requests have one key, and nothing of a request can be read out of it.
import { createHash } from 'node:crypto';

export interface AskedFor {
  /** Whose answers these are, where they come from, and what is asked for. */
  readonly parts: readonly string[];
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export function answerKey({ parts, fields, body }: AskedFor): string {
  const head = JSON.stringify([parts, fields]);
  return createHash('sha256').update(`${head.length}:`).update(head).update(body).digest('base64url');
}
