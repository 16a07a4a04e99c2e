// One call of the REST interface of a tunnel server, JSON both ways. Rule: an answer is small, or it is none.
import { Buffer } from 'node:buffer';
import { METHOD } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import { SluiceError } from '../../core/errors.ts';
import { HttpLine } from './http-line.ts';
import { hostField, reachServer, type ServerWay } from './reach-server.ts';

export interface CallAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** What is no JSON object is an empty one. */
  readonly body: Readonly<Record<string, unknown>>;
}

const MAX_ANSWER_BYTES = 64 * 1024;
const LIMIT_MS = 20_000;
const NO_OWNER = { free(): void {}, gone(): void {} };

/** Rejects with a SluiceError when there is no answer. */
export function callServer(way: ServerWay, path: string, body: object): Promise<CallAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
  const fail = (why: string): void =>
    reject(new SluiceError('tunnel_unreachable', { message: `The tunnel server: ${why}` }));
  let cancel = reachServer(way, {
    failed: fail,
    reached: (connection) => {
      cancel = () => connection.destroy('done');
      const parts: Buffer[] = [];
      let answer: Omit<CallAnswer, 'body'> = { status: 0, retryAfter: null };
      let bytes = 0;
      const line = new HttpLine(connection, NO_OWNER);
      line.begin(METHOD.POST, {
        head: (head) => {
          const at = head.findName('retry-after');
          answer = { status: head.status, retryAfter: at === -1 ? null : head.value(at) };
        },
        body: (piece, from, to) => {
          bytes += to - from;
          if (bytes <= MAX_ANSWER_BYTES) parts.push(Buffer.from(piece.subarray(from, to)));
          else connection.destroy('done');
        },
        end: () => {
          connection.destroy('done');
          resolve({ ...answer, body: objectOf(Buffer.concat(parts).toString()) });
        },
        switched: () => connection.destroy('done'),
        failed: fail,
        drain: () => {},
      });
      line.flush(requestOf(way, path, body));
      line.requestEnded();
    },
  });
  const timer = setTimeout(() => {
    cancel();
    fail('it did not answer in time');
  }, LIMIT_MS);
  return promise.finally(() => clearTimeout(timer));
}

function requestOf({ server }: ServerWay, path: string, body: object): OutBuffer {
  const bytes = Buffer.from(JSON.stringify(body));
  const out = new OutBuffer(1024 + bytes.length);
  out.latin1(
    `POST ${path} HTTP/1.1\r\nHost: ${hostField(server)}\r\nContent-Type: application/json\r\nAccept: application/json\r\n` +
      `User-Agent: sluice\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  out.copy(bytes, 0, bytes.length);
  return out;
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
