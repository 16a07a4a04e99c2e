// A client of agents for tests: plain HTTP, so that a test sees what goes over the wire.
import { once } from 'node:events';
import http from 'node:http';

export type Fields = Readonly<Record<string, string>>;

export interface Stream {
  readonly response: http.IncomingMessage;
  /** What has come so far. */
  text(): string;
  /** Resolves when it fits; fails when the stream ends before. */
  until(pattern: RegExp): Promise<string>;
  /** All of it, when it has ended. */
  whole(): Promise<string>;
  /** The client goes away. */
  drop(): void;
}

/** The answer as it comes. */
export async function openStream(url: string, body?: object, fields: Fields = {}): Promise<Stream> {
  const isPost = body !== undefined;
  const request = http.request(url, {
    method: isPost ? 'POST' : 'GET',
    agent: false,
    headers: { ...(isPost && { 'Content-Type': 'application/json' }), ...fields },
  });
  request.on('error', () => {});
  request.end(isPost ? JSON.stringify(body) : undefined);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return followed(request, response);
}

function followed(request: http.ClientRequest, response: http.IncomingMessage): Stream {
  let text = '';
  const state = { isOver: false };
  let wake = Promise.withResolvers<void>();
  const heard = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    heard();
  });
  response.on('error', () => {});
  response.on('close', () => {
    state.isOver = true;
    heard();
  });
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) {
      if (state.isOver) throw new Error(`ended without ${String(pattern)}: ${text}`);
      await wake.promise;
    }
    return text;
  };
  const whole = async (): Promise<string> => {
    while (!state.isOver) await wake.promise;
    return text;
  };
  return { response, text: () => text, until, whole, drop: () => request.destroy() };
}

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function askJson(url: string, body?: object, fields: Fields = {}): Promise<Answered> {
  const { response, whole } = await openStream(url, body, fields);
  const text = await whole();
  return { status: response.statusCode ?? 0, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

/** Status and code of an answer that is an error. */
export async function refusalOf(url: string, body?: object, fields: Fields = {}): Promise<string> {
  const { status, body: answer } = await askJson(url, body, fields);
  return `${status} ${(answer['error'] as { code?: string } | undefined)?.code ?? ''}`;
}
