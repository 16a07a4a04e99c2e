// What a request to a provider of AI would use, as far as its method and path tell. Rule: whatever is not known to be counted, or to use
// nothing, cannot be counted.

/** `counted`: its answer says what it has used. `free`: no model is asked. */
export type AiUse = 'counted' | 'free' | 'uncounted';

const ASKING = new Set(['POST', 'PUT', 'PATCH']);
/** Where the APIs answer with a model's words, and say in the end what it has used. */
const COUNTED = /\/(?:messages|responses|responses\/compact|(?:chat\/)?completions|embeddings)$/;
/** What a request would have, and the end of something that was begun. */
const FREE = /\/(?:count_tokens|input_tokens|cancel)$/;
const MODEL = /\/models\/([^/]+)$/;

export function aiUseOf(method: string, path: string): AiUse {
  if (!ASKING.has(method) || FREE.test(path)) return 'free';
  return method === 'POST' && COUNTED.test(path) ? 'counted' : 'uncounted';
}

/** The model that a path is about; null: it is about none. */
export function modelOfPath(path: string): string | null {
  const name = MODEL.exec(path)?.[1];
  if (name === undefined) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
