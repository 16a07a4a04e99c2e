// One small request to a provider of AI through the gateway's own door, as a client would send it. Rule: whatever happens is a result; nothing
// is thrown, and nothing is sent that would cost more than it must.

import { type ClientRequest, type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { localAddress } from './local-address.ts';

export interface Probe {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface ProbeResult {
  /** null: there was no answer. */
  readonly status: number | null;
  /** Until its head, or until there was none. */
  readonly latencyMs: number;
  /** As the provider, or Sluice, calls the request. */
  readonly requestId: string | null;
  /** The beginning of it. */
  readonly body: string;
  /** Why there was no answer, or no whole one. */
  readonly fault: string | null;
  readonly isLate: boolean;
}

const MAX_BODY_BYTES = 256 * 1024;
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export async function sendProbe(gateway: string, probe: Probe, timeoutMs: number): Promise<ProbeResult> {
  const startedAtMs = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const nothing = { status: null, requestId: null, body: '' };
  let head = nothing as Pick<ProbeResult, 'status' | 'requestId' | 'body'>;
  let latencyMs = 0;
  try {
    const answer = await send(gateway, probe, signal);
    latencyMs = performance.now() - startedAtMs;
    head = { ...nothing, status: answer.statusCode ?? null, requestId: requestIdOf(answer) };
    const body = await beginningOf(answer);
    return { ...head, latencyMs, body, fault: null, isLate: false };
  } catch (error) {
    const isLate = signal.aborted;
    const why = error instanceof Error ? error.message : String(error);
    const fault = isLate ? `no whole answer within ${timeoutMs / 1000} s` : why;
    return { ...head, latencyMs: latencyMs || performance.now() - startedAtMs, fault, isLate };
  }
}

function send(gateway: string, probe: Probe, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, path, headers, body } = probe;
  const url = new URL(localAddress(gateway));
  const isTls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (isTls ? 443 : 80) : url.port,
      method,
      path,
      headers: { ...headers, ...(body !== null && { 'Content-Length': Buffer.byteLength(body) }) },
      signal,
      agent: false,
    };
    // On this machine a door is known by its address; its certificate is for the names that others call it by.
    const open = (): ClientRequest =>
      isTls
        ? requestHttps({ ...options, rejectUnauthorized: !LOCAL.test(url.hostname) }, resolve)
        : requestHttp(options, resolve);
    const outgoing = open();
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer) {
    const bytes = part as Buffer;
    if (size < MAX_BODY_BYTES) parts.push(bytes);
    size += bytes.length;
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_BODY_BYTES);
}

function requestIdOf({ headers }: IncomingMessage): string | null {
  const id = headers['request-id'] ?? headers['x-request-id'];
  return typeof id === 'string' ? id : null;
}
