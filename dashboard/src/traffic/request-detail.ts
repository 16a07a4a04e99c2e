// What is known of one request beside its line in the list. Rule: bodies are text or they are only counted; nothing of them becomes part of the page
// in any other way.
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { ask } from '../state/api.ts';

export interface CapturedBody {
  readonly bytes: number;
  readonly kept: number;
  readonly truncated: boolean;
}

export interface CapturedMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: CapturedBody | null;
}

export interface Captured {
  readonly request: CapturedMessage;
  readonly response: CapturedMessage;
  /** Fields that a repetition has to be given. */
  readonly not_kept: readonly string[];
}

export type RequestDetail = RequestAnswer & { readonly captured?: Captured | null };

export type Side = 'request' | 'response';

export interface ShownBody {
  /** null: it is no text. */
  readonly text: string | null;
}

export function pathOf({ request_id: id }: Pick<RequestAnswer, 'request_id'>): string {
  return `/api/v1/requests/${encodeURIComponent(id)}`;
}

export async function readBody(request: RequestAnswer, side: Side, signal: AbortSignal): Promise<ShownBody> {
  const answer = await ask(`${pathOf(request)}/${side}-body`, { signal });
  const isText = (answer.headers.get('Content-Type') ?? '').startsWith('text/');
  return { text: isText ? await answer.text() : null };
}
