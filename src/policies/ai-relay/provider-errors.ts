// Errors of ours in the words of a provider of AI, so that its own programs and libraries take them for what they are. Rule: the
// status decides what kind of error it is; the code of ours stands in it where the provider has a place for one.
import type { ErrorShape } from '../../contract/policy.ts';
import type { ErrorCode } from '../../core/errors.ts';

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

export const anthropicError: ErrorShape = ({ status, message, code }, requestId) => {
  const fallback = status < 500 ? 'invalid_request_error' : 'api_error';
  const type = ANTHROPIC_TYPES[status] ?? fallback;
  return { type: 'error', error: { type, message: `${message} (Sluice: ${code})` }, request_id: requestId };
};

const OPENAI_KINDS: Readonly<Record<number, readonly [type: string, code: string]>> = {
  401: ['invalid_request_error', 'invalid_api_key'],
  429: ['rate_limit_error', 'rate_limit_exceeded'],
};

/** What the status alone does not tell. */
const OPENAI_CODES: Readonly<Partial<Record<ErrorCode, readonly [type: string, code: string]>>> = {
  ai_budget_used_up: ['insufficient_quota', 'insufficient_quota'],
};

export const openaiError: ErrorShape = ({ status, message, code: ours }) => {
  const fallback = [status < 500 ? 'invalid_request_error' : 'server_error', ours] as const;
  const [type, code] = OPENAI_CODES[ours] ?? OPENAI_KINDS[status] ?? fallback;
  return { error: { message: `${message} (Sluice: ${ours})`, type, param: null, code } };
};
