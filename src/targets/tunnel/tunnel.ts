// Takes exchanges to the client of a tunnel. Rule: which tunnel is said by whoever sends the exchange here, never by a visitor; a visitor
// who leaves ends the stream, and a stream that ends badly cuts the answer.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { TUNNEL_FIELD } from '../../services/tunnels/tunnel-names.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import type { VisitLink } from '../../services/tunnels/tunnel-link.ts';
import { Arrival } from './arrival.ts';
import { HttpStream } from './http-stream.ts';
import { type RefusalDetail, refuseTunnel } from './no-tunnel.ts';
import { isLetIn } from './tunnel-password.ts';
import { WebSocketStream } from './web-socket-stream.ts';

/** `missed`: what another node is told that has brought a request of which a client that shares a name knows nothing, or may be asked again. */
export function tunnel(registry: TunnelRegistry, missed: RefusalDetail | null = null): AnswerTarget {
  return { kind: 'answer', asksForBodies: true, take: (exchange) => take(exchange, registry, missed) };
}

function take(exchange: Exchange, registry: TunnelRegistry, missed: RefusalDetail | null): void {
  const name = exchange.request.fields.get(TUNNEL_FIELD) ?? '';
  const go = (): Producer | null => takeTo(exchange, name, registry, missed);
  if (registry.isExpected(name)) new Arrival(exchange, go).wait(registry, name);
  else go();
}

/** Null: it was refused. */
function takeTo(
  exchange: Exchange,
  name: string,
  registry: TunnelRegistry,
  missed: RefusalDetail | null,
): Producer | null {
  const found = registry.find(name);
  if (found.kind === 'unknown') refuseTunnel(exchange, 'tunnel_unknown');
  else if (found.kind === 'offline') refuseTunnel(exchange, 'tunnel_offline');
  else {
    const link = found.group === null ? found.session : found.group.visit(visitorOf(exchange));
    if (link !== null) return lead(exchange, name, link, found.group === null ? null : missed);
    refuseTunnel(exchange, 'tunnel_busy');
  }
  return null;
}

/** As the gateway has said it, which has added whom it has seen itself. */
export function visitorOf({ request }: Exchange): string {
  return request.fields.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
}

function lead(exchange: Exchange, name: string, session: VisitLink, missed: RefusalDetail | null): Producer | null {
  const { request } = exchange;
  const length = Number(request.fields.get('content-length') ?? 0);
  const isWebSocket = request.upgradeProtocol === 'websocket';
  if (!isLetIn(exchange, session.basicAuthOf(name), name)) return null;
  const refusal = session.meter?.refusal(Date.now()) ?? null;
  if (session.tlsTunnels?.has(name) === true) refuseTunnel(exchange, 'tunnel_failed');
  else if (refusal !== null) refuseTunnel(exchange, refusal.code, { retryAfterMs: refusal.retryAfterMs });
  else if (isWebSocket && !session.takesWebSockets) refuseTunnel(exchange, 'tunnel_no_websocket');
  else if (length > session.maxBodyBytes) refuseTunnel(exchange, 'request_body_too_large');
  else {
    const stream =
      isWebSocket && !request.hasBody
        ? new WebSocketStream(exchange, session)
        : new HttpStream(exchange, session, missed);
    stream.open(name);
    return stream;
  }
  return null;
}
