// What is known of one request beside its line in the list. Rule: bodies are text or they are only counted; nothing of them becomes part of the page
// in any other way.
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { ask } from '../state/api.ts';

export type Side = 'request' | 'response';

export interface ShownBody {
  /** null: it is no text. */
  readonly text: string | null;
}

export function pathOf({ request_id: id }: Pick<RequestAnswer, 'request_id'>): string {
  return `/api/v1/requests/${encodeURIComponent(id)}`;
}

export async function readBody(request: RequestAnswer, side: Side, signal?: AbortSignal): Promise<ShownBody> {
  const answer = await ask(`${pathOf(request)}/${side}-body`, signal === undefined ? {} : { signal });
  const isText = (answer.headers.get('Content-Type') ?? '').startsWith('text/');
  return { text: isText ? await answer.text() : null };
}
