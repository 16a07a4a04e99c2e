// What Anthropic says of an error, as OpenAI would say it. Rule: the kind and the words are Anthropic's; a code of OpenAI's stands with
// them where programs look for it.
import { isObject, type JsonObject } from './json-fields.ts';

/** A page of somebody on the way may be long. */
const MAX_CHARACTERS = 1000;

const CODES: Readonly<Record<string, string>> = {
  authentication_error: 'invalid_api_key',
  rate_limit_error: 'rate_limit_exceeded',
  billing_error: 'insufficient_quota',
};

/** `fallback` are the words for an error that has none of its own. */
export function providerError(error: unknown, fallback: string): JsonObject {
  const { type = 'api_error', message = fallback } = isObject(error) ? error : {};
  return { error: { message, type, param: null, code: codeOf(String(type), String(message)) } };
}

/** The body of an answer that is an error. */
export function translateError(text: string, status: number): JsonObject {
  return providerError(errorIn(text), text.trim().slice(0, MAX_CHARACTERS) || `The provider answered ${status}.`);
}

function errorIn(text: string): unknown {
  try {
    const said: unknown = JSON.parse(text);
    return isObject(said) ? said['error'] : null;
  } catch {
    return null;
  }
}

function codeOf(type: string, message: string): string {
  // By these, programs shorten what they ask, or tell what is wrong.
  if (type === 'invalid_request_error' && /prompt is too long/i.test(message)) return 'context_length_exceeded';
  if (type === 'not_found_error' && /^model\b/i.test(message)) return 'model_not_found';
  return CODES[type] ?? type;
}
