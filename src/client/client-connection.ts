// How the client talks with a Sluice: requests with the token, answers as JSON or as a stream of text, errors as what they are. Rule: it uses
// what Node and browsers both have, and nothing else.

export interface SluiceClientOptions {
  /** Of the gateway; without it `http://127.0.0.1:8080`. */
  readonly url?: string;
  /** Of a user of that Sluice; not needed where there are no users. */
  readonly token?: string;
  /** In place of the one that is there. */
  readonly fetch?: typeof fetch;
}

/** What Sluice has answered in place of what was asked for. */
export class SluiceRequestError extends Error {
  readonly status: number;
  /** As in docs/errors.md; empty where the answer was not one of Sluice. */
  readonly code: string;
  readonly requestId: string;
  readonly retryAfterMs: number | null;

  constructor(message: string, facts: Pick<SluiceRequestError, 'status' | 'code' | 'requestId' | 'retryAfterMs'>) {
    super(message);
    this.name = 'SluiceRequestError';
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

export interface ClientRequest {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A connection on which nothing has come for so long is dead; Sluice says something every 15 seconds. */
const SILENCE_MS = 60_000;
const DEFAULT_URL = 'http://127.0.0.1:8080';

export class ClientConnection {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url = DEFAULT_URL, token, fetch: given }: SluiceClientOptions) {
    this.#base = url.replace(/\/+$/, '');
    this.#token = token;
    // Browsers want it called as what it is.
    this.#fetch = given ?? ((input, init) => globalThis.fetch(input, init));
  }

  async json<T>(request: ClientRequest): Promise<T> {
    const response = await this.#ask(request);
    return (await response.json()) as T;
  }

  /** Piece by piece, as it comes. Throws when the connection is cut, or nothing comes for long. */
  async *text(request: ClientRequest): AsyncGenerator<string, void, void> {
    const watchdog = new Watchdog(request.signal);
    try {
      const response = await this.#ask({ ...request, signal: watchdog.signal });
      if (response.body === null) return;
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          watchdog.heard();
          yield decoder.decode(value as Uint8Array, { stream: true });
        }
      } finally {
        // Whoever reads no further ends the request.
        await reader.cancel().catch(() => {});
      }
    } finally {
      watchdog.end();
    }
  }

  async #ask({ method, path, body, headers, signal }: ClientRequest): Promise<Response> {
    const response = await this.#fetch(`${this.#base}${path}`, {
      method,
      headers: {
        ...(this.#token !== undefined && { Authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    if (response.ok) return response;
    throw await requestError(response);
  }
}

async function requestError(response: Response): Promise<SluiceRequestError> {
  const text = await response.text().catch(() => '');
  const { code = '', message = '', request_id: requestId = '' } = errorIn(text);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new SluiceRequestError(message || `Sluice has answered ${response.status}.`, {
    status: response.status,
    code,
    requestId,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  });
}

interface ErrorWords {
  readonly code?: string;
  readonly message?: string;
  readonly request_id?: string;
}

function errorIn(text: string): ErrorWords {
  try {
    return (JSON.parse(text) as { readonly error?: ErrorWords }).error ?? {};
  } catch {
    return {};
  }
}

/** Aborts when nothing is heard for long, or when whoever asked wants no more. */
class Watchdog {
  readonly #aborter = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #abort = (): void => this.#aborter.abort(this.#given?.reason);
  #timer: ReturnType<typeof setTimeout>;

  constructor(given: AbortSignal | undefined) {
    this.#given = given;
    this.#timer = setTimeout(() => this.#expired(), SILENCE_MS);
    if (given?.aborted === true) this.#abort();
    given?.addEventListener('abort', this.#abort);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expired(), SILENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#given?.removeEventListener('abort', this.#abort);
  }

  #expired(): void {
    this.#aborter.abort(new Error('Nothing has come from Sluice for too long.'));
  }
}
