// A request's head as a list of fields for an origin that speaks HTTP/2. Rule: it says the same as what request-writer.ts
// writes for HTTP/1.1, in the other spelling.
import { METHOD, TARGET_FORM } from '../codec/http1/head.ts';
import type { Origin } from '../contract/target.ts';
import type { HttpExchange } from './exchange.ts';
import { appendFields } from './http2-head.ts';
import type { RequestState } from './request-state.ts';
import { defaultHost, markReplaced } from './request-writer.ts';
import { TRACE_FIELD, traceFieldOf } from './trace-lines.ts';

export function requestList(exchange: HttpExchange, origin: Origin): string[] {
  const { request } = exchange;
  const { head } = request;
  const tellsUpstream = origin.isTransparent !== true;
  if (tellsUpstream) markReplaced(head);
  const trace = traceFieldOf(exchange, tellsUpstream);
  if (head.hostIndex >= 0) head.drop[head.hostIndex] = 1;
  const authority = origin.hostField ?? (request.authority === '' ? defaultHost(origin) : request.authority);
  const scheme = origin.tls === null ? 'http' : 'https';
  const list = [
    ':method',
    request.method,
    ':scheme',
    scheme,
    ':authority',
    authority,
    ':path',
    pathOf(request, origin),
  ];
  appendFields(list, request.fields);
  if (tellsUpstream) appendForwarding(list, exchange);
  if (typeof trace === 'string') list.push('traceparent', trace);
  else if (trace === TRACE_FIELD.ours) appendOwnTrace(list, exchange);
  if (head.teTrailers) list.push('te', 'trailers');
  return list;
}

function appendForwarding(list: string[], exchange: HttpExchange): void {
  const { request, engine, idNumber } = exchange;
  appendLines(list, exchange.responder.forwardedLines.toString('latin1'));
  if (request.authority !== '' && engine.forwarding !== 'forwarded') list.push('x-forwarded-host', request.authority);
  list.push('x-request-id', engine.ids.text(idNumber));
}

function appendOwnTrace(list: string[], { engine, idNumber }: HttpExchange): void {
  appendLines(list, engine.ids.traceField(idNumber).toString('latin1'));
}

function pathOf({ head, upstreamTarget }: RequestState, origin: Origin): string {
  if (upstreamTarget !== '') return origin.pathPrefix + upstreamTarget;
  const path = head.text(head.pathFrom, head.targetTo);
  if (head.targetForm === TARGET_FORM.ASTERISK || (path === '' && head.methodId === METHOD.OPTIONS)) return '*';
  return `${origin.pathPrefix}${path.startsWith('/') ? '' : '/'}${path}`;
}

function appendLines(list: string[], lines: string): void {
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) list.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
}
