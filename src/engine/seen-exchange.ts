// An exchange that is over as it is kept for looking at. Rule: nothing is worked out here that somebody else has worked out already; it runs
// once per exchange.
import type { SeenPhases, SeenRequest } from '../telemetry/seen-request.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { HttpExchange } from './exchange.ts';

const NOBODY: readonly string[] = [];

export function seenExchange(exchange: HttpExchange, record: ExchangeRecord): SeenRequest {
  const { attempts, request } = exchange;
  const { tried } = attempts;
  return {
    id: exchange.id,
    traceId: record.traceId,
    atMs: record.timeMs,
    durationMs: exchange.durationMs,
    door: record.door,
    route: exchange.route,
    client: record.clientAddress,
    entrance: exchange.responder.entrance,
    secure: exchange.responder.secure,
    replayOf: exchange.responder.replayOf ?? '',
    user: exchange.user,
    method: request.method,
    host: request.authority,
    target: request.target,
    protocol: request.protocol,
    status: exchange.response.status,
    error: exchange.errorCode ?? '',
    upstream: attempts.origin?.name ?? '',
    exit: exchange.exit,
    session: exchange.session,
    attempts: attempts.count,
    failed: tried.length === 0 ? NOBODY : tried.map(({ name }) => name),
    answeredBy: exchange.matched?.request[request.phase]?.name ?? '',
    bytesReceived: exchange.bytesReceived,
    bytesSent: exchange.bytesSent,
    phases: phasesOf(exchange),
  };
}

/** Whoever answers without asking a server has taken the time for it itself. */
function phasesOf({ attempts, firstByteMs, durationMs, startedAtMs }: HttpExchange): SeenPhases {
  const untilHead = firstByteMs < 0 ? durationMs : firstByteMs;
  const body = durationMs - untilHead;
  if (attempts.count === 0) return { queue: untilHead, dns: 0, connect: 0, tls: 0, hops: 0, wait: 0, body };
  const queue = attempts.startedAtMs - startedAtMs;
  const { dnsMs: dns, connectMs: connect, tlsMs: tls, hopsMs: hops = 0 } = attempts.dialled;
  const wait = Math.max(0, untilHead - queue - dns - connect - tls - hops);
  return { queue, dns, connect, tls, hops, wait, body };
}
