// What spans say of an exchange and its attempts, in the words of OpenTelemetry's conventions for HTTP. Rule: what a client has sent is
// redacted here, and what is not known is left out.
import { FIELD } from '../codec/http1/head.ts';
import { ERROR_CATALOGUE } from '../core/errors.ts';
import { redactTarget } from '../core/redact.ts';
import type { SeenPhases, SeenRequest } from '../telemetry/seen-request.ts';
import type { AttributeValue, Attributes, Fraction } from '../telemetry/traces/span.ts';
import type { AttemptEnd } from './exchange-trace.ts';
import type { HttpExchange } from './exchange.ts';

type Attribute = readonly [name: string, value: AttributeValue | Fraction];

/** Others are told as `_OTHER`, so that nobody can make up names of spans. */
const KNOWN_METHODS = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);
const SWITCHED = 101;
const EVERYTHING = '/*';

export function exchangeName(exchange: HttpExchange): string {
  const { method } = exchange.request;
  const known = KNOWN_METHODS.has(method) ? method : 'HTTP';
  const route = routeOf(exchange);
  return route === '' ? known : `${known} ${route}`;
}

/** What is not the server's fault is no error of its span. */
export function exchangeError({ response: { status }, errorCode }: HttpExchange): string {
  if (status >= 500) return errorCode ?? String(status);
  return errorCode !== null && ERROR_CATALOGUE[errorCode].side !== 'downstream' && status < 400 ? errorCode : '';
}

export function exchangeAttributes(exchange: HttpExchange, seen: SeenRequest): Attributes {
  const { request, responder } = exchange;
  const all: Attribute[] = [];
  addMethod(all, seen.method);
  addTarget(all, exchange);
  addText(all, 'http.route', routeOf(exchange));
  addAuthority(all, request.host, exchange);
  addText(all, 'client.address', responder.address);
  if (responder.port > 0) all.push(['client.port', responder.port]);
  addText(all, 'network.protocol.name', responder.protocolName ?? 'http');
  if (responder.protocolName === undefined) all.push(['network.protocol.version', version(seen.protocol)]);
  addText(all, 'user_agent.original', request.known(FIELD.USER_AGENT) ?? '');
  addText(all, 'user.name', seen.user);
  if (seen.status > 0) all.push(['http.response.status_code', seen.status]);
  all.push(['http.request.body.size', seen.bytesReceived], ['http.response.body.size', seen.bytesSent]);
  addText(all, 'error.type', seen.error !== '' ? seen.error : seen.status >= 500 ? String(seen.status) : '');
  addOwn(all, exchange, seen);
  return all;
}

/** What only we know. */
function addOwn(all: Attribute[], exchange: HttpExchange, seen: SeenRequest): void {
  all.push(['sluice.kind', kindOf(exchange)]);
  addText(all, 'sluice.door', seen.door);
  addText(all, 'sluice.route', seen.route);
  addText(all, 'sluice.request_id', seen.id);
  addText(all, 'sluice.upstream', redactTarget(seen.upstream));
  addText(all, 'sluice.exit', seen.exit);
  addText(all, 'sluice.session', seen.session);
  addText(all, 'sluice.answered_by', seen.answeredBy);
  all.push(['sluice.attempts', seen.attempts]);
  const { queue, wait, body } = seen.phases;
  addPhases(all, { queue, wait, body });
}

export function attemptAttributes(exchange: HttpExchange, end: AttemptEnd): Attributes {
  const { request, attempts } = exchange;
  const { origin, before, status, error, answeredAfterMs } = end;
  const all: Attribute[] = [];
  addMethod(all, request.method);
  if (origin !== null) {
    all.push(['server.address', origin.path ?? origin.host]);
    if (origin.path === null) all.push(['server.port', origin.port]);
    else all.push(['network.transport', 'unix']);
    all.push(
      ['url.full', urlOf(exchange, end)],
      ['network.protocol.version', origin.protocol === 'http2' ? '2' : '1.1'],
    );
    all.push(['sluice.upstream', redactTarget(origin.name)]);
  }
  if (status > 0) all.push(['http.response.status_code', status]);
  if (before > 0) all.push(['http.request.resend_count', before]);
  addText(all, 'error.type', error ?? (status >= 400 ? String(status) : ''));
  addText(all, 'sluice.exit', exchange.exit);
  const { dnsMs: dns, connectMs: connect, tlsMs: tls, hopsMs: hops = 0 } = attempts.dialled;
  const wait = answeredAfterMs < 0 ? 0 : Math.max(0, answeredAfterMs - dns - connect - tls - hops);
  addPhases(all, { dns, connect, tls, hops, wait });
  return all;
}

export function dialAttributes(exchange: HttpExchange, error: string | null): Attributes {
  const all: Attribute[] = [['http.request.method', 'CONNECT']];
  addAuthority(all, exchange.request.host, exchange);
  addText(all, 'sluice.exit', exchange.exit);
  addText(all, 'error.type', error ?? '');
  return all;
}

function addMethod(all: Attribute[], method: string): void {
  if (KNOWN_METHODS.has(method)) all.push(['http.request.method', method]);
  else all.push(['http.request.method', '_OTHER'], ['http.request.method_original', method]);
}

function addTarget(all: Attribute[], exchange: HttpExchange): void {
  const { request, responder } = exchange;
  if (exchange.isTunnel) return;
  const target = redactTarget(request.target);
  if (!target.startsWith('/')) {
    all.push(['url.full', target]);
    return;
  }
  const mark = target.indexOf('?');
  all.push(
    ['url.scheme', responder.secure ? 'https' : 'http'],
    ['url.path', mark < 0 ? target : target.slice(0, mark)],
  );
  if (mark >= 0) all.push(['url.query', target.slice(mark + 1)]);
}

function addAuthority(all: Attribute[], host: string, { request }: HttpExchange): void {
  addText(all, 'server.address', host.replace(/^\[|\]$/g, ''));
  const port = /:(\d{1,5})$/.exec(request.authority)?.[1];
  if (port !== undefined) all.push(['server.port', Number(port)]);
}

function addText(all: Attribute[], name: string, value: string): void {
  if (value !== '') all.push([name, value]);
}

/** Milliseconds; what did not happen is left out. */
function addPhases(all: Attribute[], phases: Partial<SeenPhases>): void {
  for (const [name, ms] of Object.entries(phases)) if (ms > 0) all.push([`sluice.phase.${name}_ms`, { fraction: ms }]);
}

/** At the forward proxy everything has the same route. */
function routeOf({ matched, isTunnel }: HttpExchange): string {
  const path = matched === null || isTunnel ? '' : matched.match.path;
  return path === EVERYTHING ? '' : path;
}

function kindOf(exchange: HttpExchange): string {
  if (exchange.isTunnel) return exchange.responder.protocolName ?? 'connect';
  if (exchange.response.status === SWITCHED) return exchange.request.upgradeProtocol || 'upgrade';
  return exchange.matched?.target.kind === 'answer' ? 'own' : 'http';
}

function urlOf({ request }: HttpExchange, { origin }: AttemptEnd): string {
  if (origin === null) return '';
  const { head, upstreamTarget } = request;
  const host =
    origin.hostField ??
    (origin.host.includes(':') ? `[${origin.host}]:${origin.port}` : `${origin.host}:${origin.port}`);
  const asked = upstreamTarget === '' ? head.text(head.pathFrom, head.targetTo) : upstreamTarget;
  return redactTarget(`${origin.tls === null ? 'http' : 'https'}://${host}${origin.pathPrefix}${asked}`);
}

function version(protocol: SeenRequest['protocol']): string {
  return protocol === 'HTTP/2.0' ? '2' : protocol.slice('HTTP/'.length);
}
