// How the dashboard asks the admin API. Rule: a failure is an ApiError with the code and the sentence that the API has answered, to be shown where
// the answer would have been.
import type { ErrorAnswer } from '../../../src/control/admin-answers.ts';

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** With `config_invalid`: what is wrong, and where. */
  readonly problems: NonNullable<ErrorAnswer['error']['problems']>;

  constructor(status: number, error: Pick<ErrorAnswer['error'], 'code' | 'message' | 'problems'>) {
    super(error.message);
    this.code = error.code;
    this.status = status;
    this.problems = error.problems ?? [];
  }
}

let tellSignedOut = (): void => {};

/** Called when the API takes the session for none. */
export function onSignedOut(tell: () => void): void {
  tellSignedOut = tell;
}

export async function askJson<Answer = unknown>(path: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await ask(path, { ...init, headers: { Accept: 'application/json', ...toObject(init.headers) } });
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}

/** POST, PUT, PATCH or DELETE, with a body of JSON where one is given. */
export function sendJson<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
  if (body === undefined) return askJson<Answer>(path, { method });
  const headers = { 'Content-Type': 'application/json' };
  return askJson<Answer>(path, { method, headers, body: JSON.stringify(body) });
}

/** Resolves with answers of success only. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { credentials: 'same-origin', redirect: 'error', ...init }).catch(
    (error: unknown) => {
      if (init.signal?.aborted === true) throw error;
      throw new ApiError(0, { code: 'unreachable', message: 'Sluice does not answer. Is it still running?' });
    },
  );
  if (answer.ok) return answer;
  if (answer.status === 401) tellSignedOut();
  throw await errorOf(answer);
}

async function errorOf(answer: Response): Promise<ApiError> {
  try {
    return new ApiError(answer.status, ((await answer.json()) as ErrorAnswer).error);
  } catch {
    return new ApiError(answer.status, {
      code: 'unreadable',
      message: `Sluice answered with status ${answer.status}.`,
    });
  }
}

function toObject(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
