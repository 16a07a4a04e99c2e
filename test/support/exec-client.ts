// A client of POST /cli/execute, reading its answer line by line. Rule: it reads as any reader of lines does, and knows nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';

export interface ExecLine {
  readonly type: string;
  readonly data?: string;
  readonly encoding?: string;
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly reason?: string;
  readonly truncated?: boolean;
  readonly duration_ms?: number;
  readonly peak_memory_bytes?: number | null;
}

export interface Executed {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly lines: readonly ExecLine[];
  readonly exit: ExecLine;
  /** Put together again. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface Asking {
  readonly request: http.ClientRequest;
  readonly response: http.IncomingMessage;
}

/** The head has come. */
export async function begin(
  gateway: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asking> {
  const all = { 'Content-Type': 'application/json', ...headers };
  const request = http.request(`${gateway}/cli/execute`, { method: 'POST', headers: all, agent: false });
  request.on('error', () => {});
  request.end(JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { request, response };
}

export async function execute(
  gateway: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Executed> {
  const { response } = await begin(gateway, body, headers);
  const text = await textOf(response);
  assert.equal(response.statusCode, 200, text);
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ExecLine);
  const exit = lines.at(-1);
  assert.ok(exit?.type === 'exit', text);
  return {
    status: 200,
    headers: response.headers,
    lines,
    exit,
    stdout: joined(lines, 'stdout'),
    stderr: joined(lines, 'stderr'),
  };
}

/** Status and code of an answer that is an error. */
export async function refusal(
  gateway: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { response } = await begin(gateway, body, headers);
  const { error } = JSON.parse(await textOf(response)) as { error: { code: string; request_id: string } };
  assert.ok(error.request_id);
  assert.equal(
    Object.keys(response.headers).some((name) => name.startsWith('access-control')),
    false,
  );
  return `${response.statusCode} ${error.code}`;
}

export async function textOf(response: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  return text;
}

function joined(lines: readonly ExecLine[], type: string): Buffer {
  const parts = lines.filter((line) => line.type === type);
  return Buffer.concat(
    parts.map(({ data = '', encoding }) => Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8')),
  );
}
