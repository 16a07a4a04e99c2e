// A client that speaks HTTP/2, for tests that read whole answers. Rule: an answer that was cut is told from one that ended.
import { once } from 'node:events';
import http2 from 'node:http2';
import type { TestContext } from 'node:test';

export interface Http2Answer {
  readonly status: number;
  readonly fields: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  readonly body: string;
  readonly trailers: http2.IncomingHttpHeaders | null;
  /** The interim answers that came before, by status. */
  readonly interim: readonly http2.IncomingHttpHeaders[];
  /** 0: complete. */
  readonly resetCode: number;
}

/** A session with the gateway; ends with the test. */
export async function http2Session(
  t: TestContext,
  url: string,
  options: http2.SecureClientSessionOptions = {},
): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(url, options);
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

/** Everything that comes on a stream, when it has closed. */
export async function answerOf(stream: http2.ClientHttp2Stream): Promise<Http2Answer> {
  let fields: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
  let trailers: http2.IncomingHttpHeaders | null = null;
  const interim: http2.IncomingHttpHeaders[] = [];
  const parts: Buffer[] = [];
  stream.on('error', () => {});
  stream.on('headers', (each) => interim.push(each));
  stream.on('response', (each) => (fields = each));
  stream.on('trailers', (each) => (trailers = each));
  stream.on('data', (part: Buffer) => parts.push(part));
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
  return {
    status: fields[':status'] ?? 0,
    fields,
    body: Buffer.concat(parts).toString(),
    trailers,
    interim,
    resetCode: stream.rstCode,
  };
}

/** A request with the body given, and its answer. */
export function ask(
  session: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}
