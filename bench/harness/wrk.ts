// HTTP/1.1 load from wrk: as many requests as a fixed number of connections can get answered.
// Rule: the request is fixed before the start, so that wrk runs no script while it measures; but where each request is to have a URL of its
// own, it counts.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from './processes.ts';

export interface WrkRequest {
  readonly url: string;
  /** Absolute for a forward proxy; the path of `url` otherwise. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each request asks for another query, which no run has asked for before. */
  readonly isEachNew?: boolean;
  /** Sent as POST, filled with x. */
  readonly bodyBytes?: number;
  /** Sent as POST. */
  readonly body?: string;
}

export interface WrkOptions {
  readonly dir: string;
  readonly cpus: string | null;
  readonly connections: number;
  readonly seconds: number;
}

export interface Load {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Joined by hand: asking wrk to format each request would cost as much as the request. */
function countingScript({ url, headers }: WrkRequest): string {
  const { host, pathname } = new URL(url);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const [first, rest] = [`GET ${pathname}?${randomUUID()}-`, ` HTTP/1.1\r\n${lines.join('')}\r\n`];
  return `local count, first, rest = 0, ${JSON.stringify(first)}, ${JSON.stringify(rest)}
request = function() count = count + 1; return first .. count .. rest end`;
}

function scriptText(request: WrkRequest): string {
  const lines = Object.entries(request.headers ?? {}).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  if (request.target !== undefined) lines.push(`wrk.path = ${JSON.stringify(request.target)}`);
  if (request.bodyBytes !== undefined)
    lines.push('wrk.method = "POST"', `wrk.body = string.rep("x", ${request.bodyBytes})`);
  if (request.body !== undefined) lines.push('wrk.method = "POST"', `wrk.body = [==[${request.body}]==]`);
  if (request.isEachNew === true) lines.push(countingScript(request));
  return `${lines.join('\n')}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\nRESULT {"requests":%d,"bytes":%d,"micros":%d,"errors":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.bytes, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`;
}

export async function runWrk(request: WrkRequest, options: WrkOptions): Promise<Load> {
  const script = join(options.dir, 'wrk.lua');
  writeFileSync(script, scriptText(request));
  const output = await runProcess(
    ['wrk', '-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--timeout', '10s', '-s', script, request.url],
    options.cpus,
    (options.seconds + 20) * 1000,
  );
  const json = /^RESULT (.*)$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk gave no result: ${output.trim()}`);
  const result = JSON.parse(json) as { [name in 'requests' | 'bytes' | 'micros' | 'errors' | 'p50' | 'p99']: number };
  return {
    requests: result.requests,
    bytes: result.bytes,
    seconds: result.micros / 1e6,
    errors: result.errors,
    p50Ms: result.p50 / 1000,
    p99Ms: result.p99 / 1000,
  };
}
