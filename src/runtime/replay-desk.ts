// Requests that went through, sent again by whoever runs Sluice: at the same door, through all its policies. Rule: it is the same request, or it
// is not sent; what was not kept of it has to be given, or to be left out by name.
import { Buffer } from 'node:buffer';
import { SluiceError } from '../core/errors.ts';
import type { ReplayOutcome, ReplayRequest } from '../engine/replay-client.ts';
import type { CapturedExchange } from '../telemetry/capture-shelf.ts';
import type { SeenRequest } from '../telemetry/seen-request.ts';
import type { RequestWatch } from './request-watch.ts';
import type { DataPlane } from './threads/data-plane.ts';

export interface ReplayWish {
  /** In place of those that it had; null: without it. Names in lower case. */
  readonly headers: ReadonlyMap<string, string | null>;
  /** In place of its target; null: the same. */
  readonly target: string | null;
}

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 1024 * 1024;
const SWITCHED = 101;

/** Of the connection or of the framing: not of the request. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export class ReplayDesk {
  readonly #requests: Pick<RequestWatch, 'findWhole'>;
  readonly #plane: Pick<DataPlane, 'capture' | 'replay'>;

  constructor(requests: Pick<RequestWatch, 'findWhole'>, plane: Pick<DataPlane, 'capture' | 'replay'>) {
    this.#requests = requests;
    this.#plane = plane;
  }

  /** What is kept of a request beside what the list of them tells. */
  capture(id: string): Promise<CapturedExchange | null> {
    return this.#plane.capture(id);
  }

  /** Resolves when it has been answered. */
  async replay(id: string, wish: ReplayWish): Promise<ReplayOutcome> {
    const whole = await this.#requests.findWhole(id);
    if (whole === undefined) throw new SluiceError('not_found', { message: 'It is not among the last requests.' });
    const captured = await this.#plane.capture(id);
    const why = hindrance(whole, captured, wish);
    if (why !== null) throw new SluiceError('not_repeatable', { message: `It cannot be sent again: ${why}.` });
    const outcome = await this.#plane.replay(whole.seen.door, requestOf(whole.seen, captured, wish));
    if (outcome === null) throw new SluiceError('not_repeatable', { message: 'Its door is closed.' });
    return outcome;
  }
}

/** Why it cannot be sent again as it was; null: it can. */
function hindrance(
  { seen, hidesTarget }: { readonly seen: SeenRequest; readonly hidesTarget: boolean },
  captured: CapturedExchange | null,
  { headers, target }: ReplayWish,
): string | null {
  if (seen.method === 'CONNECT' || seen.status === SWITCHED) return 'it has opened a connection';
  const ofBody = bodyHindrance(seen, captured);
  if (ofBody !== null) return ofBody;
  const missing = (captured?.hidden ?? []).filter((name) => !headers.has(name) && !LEFT_OUT.has(name));
  if (missing.length > 0)
    return `the values of ${missing.join(', ')} are not kept (admin.capture.credentials): give them in "headers", or null to leave them out`;
  if (hidesTarget && target === null && captured?.keepsCredentials !== true)
    return 'its target holds a credential: give all of it in "target"';
  return null;
}

function bodyHindrance(seen: SeenRequest, captured: CapturedExchange | null): string | null {
  const body = captured?.body ?? null;
  if (body === null) return seen.bytesReceived > 0 ? bodyNotKept(captured) : null;
  if (body.isComplete && body.bytes.length === body.length) return null;
  return 'its body is longer than what is kept of bodies (admin.capture.max_body), or was cut';
}

function bodyNotKept(captured: CapturedExchange | null): string {
  if (captured?.keepsBodies === false) return 'bodies of requests to providers of AI are not kept';
  return 'its body was not kept (admin.capture.bodies)';
}

function requestOf(seen: SeenRequest, captured: CapturedExchange | null, wish: ReplayWish): ReplayRequest {
  const { headers, target } = wish;
  const body = captured?.body?.bytes ?? new Uint8Array(0);
  const kept = (captured?.fields ?? []).filter(([name]) => {
    const lower = name.toLowerCase();
    return !LEFT_OUT.has(lower) && !headers.has(lower);
  });
  const given = [...headers].filter((each): each is [string, string] => each[1] !== null && !LEFT_OUT.has(each[0]));
  const lines = [...kept, ...given].map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body.length > 0 || hasLength(captured) ? `Content-Length: ${body.length}\r\n` : '';
  const head = `${seen.method} ${target ?? seen.target} HTTP/1.1\r\nHost: ${seen.host}\r\n${lines.join('')}${length}\r\n`;
  return {
    replayOf: seen.id,
    entrance: seen.entrance,
    address: seen.client,
    secure: seen.secure,
    head: Buffer.from(head, 'latin1'),
    body,
    mostBytes: MOST_BYTES,
    timeoutMs: TIMEOUT_MS,
  };
}

/** Empty, and said to be so. */
function hasLength(captured: CapturedExchange | null): boolean {
  return (captured?.fields ?? []).some(([name]) => name.toLowerCase() === 'content-length');
}
