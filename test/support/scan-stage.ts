// A gateway that scans with a real clamd, in front of a backend that knows what has come to it whole.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { TestContext } from 'node:test';
import type { Answered, Asked } from './ask.ts';
import { EICAR, type RunningClamd, startClamd } from './clamd.ts';
import { Gateway, type GatewaySettings } from './gateway.ts';
import { http1Origin } from './origins.ts';

/** So much of a body waits for the verdict. */
export const HOLD: number = 64 * 1024;

export const clean = (size: number): string => 'clean '.repeat(size / 6 + 1).slice(0, size);
/** The bad part stands in front, so that all of it but the tail has been passed on before anybody knows. */
export const infected = (size: number): string => EICAR + clean(Math.max(0, size - EICAR.length));

export interface ScanStage {
  readonly gateway: Gateway;
  readonly clamd: RunningClamd;
  readonly backend: Backend;
}

/** What the backend has got: only what has come whole counts. */
export interface Backend {
  readonly url: string;
  /** Lengths of the bodies that have come whole. */
  readonly completed: number[];
  readonly cut: number[];
  readonly headers: http.IncomingHttpHeaders[];
}

/** Answers POST with the number of bytes that have come, and GET with what the test says. */
async function backendThat(t: TestContext, answer: http.RequestListener): Promise<Backend> {
  const [completed, cut, headers]: [number[], number[], http.IncomingHttpHeaders[]] = [[], [], []];
  const url = await http1Origin(t, (request, response) => {
    headers.push(request.headers);
    let size = 0;
    request.on('data', (bytes: Buffer) => (size += bytes.length));
    request.on('error', () => cut.push(size));
    request.on('end', () => {
      completed.push(size);
      if (request.method === 'POST') response.end(String(size));
    });
    if (request.method !== 'POST') answer(request, response);
  });
  return { url, completed, cut, headers };
}

export interface Wanted {
  readonly scan?: object;
  readonly answer?: http.RequestListener;
  readonly clamd?: RunningClamd;
  readonly settings?: (backend: string, scan: object) => GatewaySettings;
}

export async function openScan(
  t: TestContext,
  { scan = {}, answer = send, clamd, settings = everywhere }: Wanted = {},
): Promise<ScanStage | null> {
  const running = clamd ?? (await startClamd(t));
  if (running === undefined) return null;
  const backend = await backendThat(t, answer);
  const gateway = await Gateway.open(t, settings(backend.url, { clamd: running.address, hold: HOLD, ...scan }));
  return { gateway, clamd: running, backend };
}

export function everywhere(backend: string, scan: object): GatewaySettings {
  return { gateway: { default_backend: backend, policies: { scan } } };
}

/** As the path says: /infected/1000/chunked */
function send(request: http.IncomingMessage, response: http.ServerResponse): void {
  const [, kind, size = '0', framing] = (request.url ?? '').split('/');
  const body = kind === 'infected' ? infected(Number(size)) : clean(Number(size));
  if (framing !== 'chunked') response.setHeader('content-length', body.length);
  response.write(body.slice(0, body.length / 2));
  setImmediate(() => response.end(body.slice(body.length / 2)));
}

/** The code of an error, after having checked its status. */
export function failedWith({ status, body }: Pick<Answered, 'status' | 'body'>, wanted: number): string {
  assert.equal(status, wanted, body.slice(0, 200));
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

export function post(body: string, headers: Record<string, string> = {}): Asked {
  return { method: 'POST', body, headers };
}

export const CHUNKED: Record<string, string> = { 'transfer-encoding': 'chunked' };

/** What has come of an answer until it broke off; `onFirst` is called when there is something. */
export function cutShort(
  url: string,
  onFirst: () => void = () => {},
): Promise<{ readonly bytes: number; readonly complete: boolean }> {
  return new Promise((resolve) => {
    let bytes = 0;
    const request = http.get(url, { agent: false }, (response) => {
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes === part.length) onFirst();
      });
      response.on('error', () => {});
      response.on('close', () => resolve({ bytes, complete: response.complete }));
    });
    // A reset may throw away what has come.
    request.on('error', () => resolve({ bytes, complete: false }));
  });
}
