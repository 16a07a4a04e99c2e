// The other end of the admin API, for the command line. Rule: whatever goes wrong comes back as a SluiceError with a code
// that says whether nobody answered, the token was refused, or the request was.

import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import { ConfigError } from '../config/problem.ts';
import { ERROR_CATALOGUE, type ErrorCode, SluiceError } from '../core/errors.ts';
import type { ErrorAnswer } from './admin-answers.ts';

const TIMEOUT_MS = 10_000;

export interface AdminClientOptions {
  /** http://127.0.0.1:8889, or unix:/run/sluice.sock */
  readonly address: string;
  readonly token: string | undefined;
  readonly timeoutMs?: number;
}

export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /** The caller knows what that path answers. */
  async get<Answer>(path: string): Promise<Answer> {
    return (await this.#call('GET', path)) as Answer;
  }

  async post<Answer>(path: string, body?: object): Promise<Answer> {
    return (await this.#call('POST', path, body)) as Answer;
  }

  async patch<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.#call('PATCH', path, body)) as Answer;
  }

  async delete<Answer>(path: string): Promise<Answer> {
    return (await this.#call('DELETE', path)) as Answer;
  }

  /** Piece by piece, as it comes, for as long as it comes. */
  async *stream(path: string): AsyncGenerator<string, void, void> {
    const { address } = this.#options;
    const answer = await this.#send(requestOptions(address, path), { method: 'GET', isEndless: true });
    const status = answer.statusCode ?? 0;
    if (status !== 200) throw refusal(address, status, readJson(await text(answer)));
    yield* answer.setEncoding('utf8') as AsyncIterable<string>;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const { address } = this.#options;
    const answer = await this.#send(requestOptions(address, path), { method, body });
    const content = readJson(await text(answer));
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300 && content !== undefined) return content;
    throw refusal(address, status, content);
  }

  #send(options: RequestOptions, { method, body, isEndless = false }: AdminCall): Promise<IncomingMessage> {
    const { address, token, timeoutMs = TIMEOUT_MS } = this.#options;
    const headers = {
      Accept: isEndless ? 'text/event-stream' : 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      const signal = isEndless ? undefined : AbortSignal.timeout(timeoutMs);
      const outgoing = request({ ...options, method, headers, signal, agent: false }, resolve);
      outgoing.on('error', (cause) => {
        const message = `No answer from ${address} within ${timeoutMs / 1000} s.`;
        const isLate = signal?.aborted === true;
        reject(isLate ? new SluiceError('upstream_timeout', { message, cause }) : unreachable(address, cause));
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

interface AdminCall {
  readonly method: string;
  readonly body?: object | undefined;
  /** It is answered for as long as something happens. */
  readonly isEndless?: boolean;
}

function requestOptions(address: string, path: string): RequestOptions {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length), path };
  if (!URL.canParse(address) || new URL(address).protocol !== 'http:') {
    throw new SluiceError('usage', {
      message: `${address} is not the address of an admin door, such as http://127.0.0.1:8889.`,
    });
  }
  const { hostname, port } = new URL(address);
  const isEverywhere = hostname === '0.0.0.0' || hostname === '[::]';
  return {
    hostname: isEverywhere ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : port,
    path,
  };
}

function unreachable(address: string, cause: Error): SluiceError {
  const message = `No running Sluice answers at ${address}. Start one with: sluice up`;
  return new SluiceError('daemon_unreachable', { message, cause });
}

function refusal(address: string, status: number, content: unknown): SluiceError {
  if (!isErrorAnswer(content)) {
    return new SluiceError('daemon_unreachable', {
      message: `What answers at ${address} is not a Sluice (status ${status}).`,
    });
  }
  const { code, message, problems } = content.error;
  if (problems !== undefined) return new ConfigError(problems);
  return new SluiceError(isErrorCode(code) ? code : 'internal', { message });
}

function readJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function isErrorAnswer(content: unknown): content is ErrorAnswer {
  if (typeof content !== 'object' || content === null || !('error' in content)) return false;
  const { error } = content;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, code);
}
