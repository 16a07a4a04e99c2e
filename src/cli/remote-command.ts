// A command that runs on a Sluice, as if it ran here: input goes there, output comes back, each at the pace of the slower. Rule: it
// ends when the command has ended there, or the connection has; what was not told is not made up.
import type { Readable } from 'node:stream';
import http from 'node:http';
import https from 'node:https';
import { SluiceError } from '../core/errors.ts';
import type { GatewayPlace } from './find-gateway.ts';

export interface RemoteRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout?: number;
}

export interface RemoteStreams {
  /** null: the command reads the end at once. */
  readonly stdin: Readable | null;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

export interface RemoteEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: string;
}

interface Line {
  readonly type: string;
  readonly data?: string;
  readonly encoding?: 'base64';
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly reason?: string;
}

const PATH = '/cli/execute';

export async function runRemote(
  gateway: GatewayPlace,
  asked: RemoteRequest,
  streams: RemoteStreams,
): Promise<RemoteEnd> {
  const request = open(gateway);
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', (cause) => reject(unreachable(gateway, cause)));
  });
  request.write(`${JSON.stringify(asked)}\n`);
  const stopSending = streams.stdin === null ? request.end.bind(request) : send(streams.stdin, request);
  if (streams.stdin === null) request.end();
  try {
    const response = await answered;
    if (response.statusCode !== 200) throw await refusal(response);
    return await follow(response, streams);
  } finally {
    stopSending();
    request.on('error', () => {});
    request.destroy();
  }
}

function open({ url, socketPath, token }: GatewayPlace): http.ClientRequest {
  const headers = {
    'Content-Type': 'application/x-ndjson',
    ...(token !== null && { Authorization: `Bearer ${token}` }),
  };
  const options = { method: 'POST', headers, agent: false, ...(socketPath !== null && { socketPath }) };
  const target = `${url}${PATH}`;
  return target.startsWith('https:') ? https.request(target, options) : http.request(target, options);
}

/** Until it is told to stop. */
function send(stdin: Readable, request: http.ClientRequest): () => void {
  const onData = (bytes: Buffer): void => {
    const line = JSON.stringify({ type: 'stdin', data: bytes.toString('base64'), encoding: 'base64' });
    if (!request.write(`${line}\n`)) stdin.pause();
  };
  const onDrain = (): void => void stdin.resume();
  const onEnd = (): void => void request.end();
  stdin.on('data', onData).once('end', onEnd);
  request.on('drain', onDrain);
  return () => {
    stdin.off('data', onData).off('end', onEnd).pause();
    request.off('drain', onDrain);
  };
}

async function follow(response: http.IncomingMessage, { stdout, stderr }: RemoteStreams): Promise<RemoteEnd> {
  let rest = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      const lines = (rest + (part as string)).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = JSON.parse(text) as Line;
        if (line.type === 'exit') return endOf(line);
        await write(line.type === 'stderr' ? stderr : stdout, Buffer.from(line.data ?? '', line.encoding ?? 'utf8'));
      }
    }
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError('upstream_incomplete', {
      message: 'the connection broke before the command had ended',
      cause,
    });
  }
  throw new SluiceError('upstream_incomplete', { message: 'the answer ended before the command had' });
}

function endOf({ code = null, signal = null, reason = 'exit' }: Line): RemoteEnd {
  return { code, signal, reason };
}

function write(stream: NodeJS.WritableStream, bytes: Buffer): Promise<void> | void {
  if (stream.write(bytes)) return undefined;
  return new Promise((resolve) => {
    stream.once('drain', resolve);
  });
}

async function refusal(response: http.IncomingMessage): Promise<SluiceError> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  try {
    const { error } = JSON.parse(text) as { error: { code: SluiceError['code']; message: string } };
    return new SluiceError(error.code, { message: error.message });
  } catch {
    return new SluiceError('upstream_invalid', { message: `the gateway answered ${response.statusCode}` });
  }
}

function unreachable({ url }: GatewayPlace, cause: Error): SluiceError {
  return new SluiceError('daemon_unreachable', { message: `${url} does not answer: ${cause.message}`, cause });
}
