// Has the bodies of requests and answers scanned by clamd. Rule: a body is scanned as whoever reads it will see it, whole and
// without an encoding that hides it; where that cannot be had, `on_error` decides, and nothing else.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import type { Clamd } from '../../services/clamd/clamd.ts';
import { FormScan } from './form-scan.ts';
import { boundaryOf } from './form-splitter.ts';
import type { Direction, ScanEars } from './scan-ears.ts';
import { ScannedBody, type ScanRules } from './scanned-body.ts';
import { notScannedError, PART, unscannable, type Unscannable } from './unscannable.ts';

export interface ScanOptions {
  readonly clamd: Clamd;
  readonly rules: ScanRules;
  readonly requests: boolean;
  readonly responses: boolean;
  readonly ears: ScanEars;
}

/** What a client had said before the server was asked for something else. Exchanges are reused, and so is this. */
interface Wish {
  startedAtMs: number;
  encodings: string;
}

const SWITCHED = 101;
const PARTIAL = 206;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export function scan(options: ScanOptions): Policy {
  const { clamd, requests, responses, rules, ears } = options;
  const wishes = new WeakMap<Exchange, Wish>();
  // What the heads have told, as they were here: by the time of a body, policies that come later have changed them.
  const unscanned = { request: new WeakSet<Exchange>(), response: new WeakSet<Exchange>() } as const;
  const bodyOf = (exchange: Exchange, direction: Direction, sink: BodySink): BodyTransform => {
    const boundary = boundaryOf(exchange[direction].fields.get('content-type') ?? '');
    return new ScannedBody(sink, {
      direction,
      rules,
      open: (events) => (boundary === null ? clamd.scan(events) : new FormScan(clamd, boundary, events)),
      ears: {
        clean: (waitMs) => ears.clean(exchange, direction, waitMs),
        infected: (signature) => ears.infected(exchange, direction, signature),
        failed: (failure) => ears.failed(exchange, direction, failure),
      },
    });
  };
  return {
    name: 'scan',
    request(exchange: Exchange): void {
      const fault = requests ? faultOfRequest(exchange, rules) : null;
      unscanned.request.delete(exchange);
      if (fault !== null) {
        unscanned.request.add(exchange);
        ears.failed(exchange, 'request', { ...fault, passes: rules.passesErrors });
        const { code, message } = notScannedError('request', fault);
        if (!rules.passesErrors) exchange.fail(code, message);
      }
      if (responses && exchange.request.method !== 'CONNECT') askForWhole(exchange, wishes);
    },
    requestBody(exchange: Exchange, sink: BodySink): BodyTransform | null {
      return requests && !unscanned.request.has(exchange) ? bodyOf(exchange, 'request', sink) : null;
    },
    response(exchange: Exchange): void {
      if (!responses) return;
      giveBackWish(exchange, wishes);
      unscanned.response.delete(exchange);
      if (!isScanned(exchange)) return;
      exchange.response.fields.remove('accept-ranges');
      const fault = faultOfResponse(exchange, rules);
      if (fault === null) return;
      unscanned.response.add(exchange);
      ears.failed(exchange, 'response', { ...fault, passes: rules.passesErrors });
      if (!rules.passesErrors) throw notScannedError('response', fault);
    },
    responseBody(exchange: Exchange, sink: BodySink): BodyTransform | null {
      const isWanted = responses && isScanned(exchange) && !unscanned.response.has(exchange);
      return isWanted ? bodyOf(exchange, 'response', sink) : null;
    },
    foresee({ request }: Exchange): string {
      if (request.method === 'CONNECT') return 'does not look into tunnels';
      const bodies = [...(requests && request.hasBody ? ['the request'] : []), ...(responses ? ['the answer'] : [])];
      if (bodies.length === 0) return 'has nothing to scan';
      return `has ${bodies.join(' and ')} scanned; what cannot be scanned ${rules.passesErrors ? 'passes' : 'is refused'}`;
    },
    done(exchange: Exchange): void {
      const { status } = exchange.response;
      if (status === SWITCHED || (exchange.request.method === 'CONNECT' && status === 200)) ears.skipped(exchange);
    },
  };
}

function faultOfRequest({ request }: Exchange, { maxBytes }: ScanRules): Unscannable | null {
  return request.hasBody ? unscannable(request.fields, maxBytes) : null;
}

function faultOfResponse({ response }: Exchange, { maxBytes }: ScanRules): Unscannable | null {
  return response.status === PARTIAL ? PART : unscannable(response.fields, maxBytes);
}

/** What we say ourselves is known; and there must be a body. */
function isScanned({ request, response }: Exchange): boolean {
  return !response.isOurs && request.method !== 'HEAD' && !WITHOUT_BODY.has(response.status);
}

/** A part of an answer cannot be scanned, nor what clamd cannot decode: the server is asked for neither. */
function askForWhole(exchange: Exchange, wishes: WeakMap<Exchange, Wish>): void {
  const { fields } = exchange.request;
  const wish = wishes.get(exchange) ?? newWish(exchange, wishes);
  wish.startedAtMs = exchange.startedAtMs;
  wish.encodings = fields.getAll('accept-encoding').join(', ');
  fields.remove('accept-encoding');
  fields.append('Accept-Encoding', 'identity');
  if (!fields.has('range')) return;
  fields.remove('range');
  fields.remove('if-range');
}

/** Other policies go by what the client wants. */
function giveBackWish(exchange: Exchange, wishes: WeakMap<Exchange, Wish>): void {
  const wish = wishes.get(exchange);
  if (wish === undefined || wish.startedAtMs !== exchange.startedAtMs) return;
  wish.startedAtMs = -1;
  const { fields } = exchange.request;
  fields.remove('accept-encoding');
  if (wish.encodings !== '') fields.append('Accept-Encoding', wish.encodings);
}

function newWish(exchange: Exchange, wishes: WeakMap<Exchange, Wish>): Wish {
  const wish = { startedAtMs: -1, encodings: '' };
  wishes.set(exchange, wish);
  return wish;
}
