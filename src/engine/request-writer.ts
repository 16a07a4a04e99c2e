// Writes a request's head to an HTTP/1.1 upstream. Rule: nothing is passed on raw: the request line is written from what was
// understood, framing is ours, fields of the client's connection stay behind, and what we say of the client is not the
// client's to say.
import { FIELD, FRAMING, type Head, METHOD, TARGET_FORM } from '../codec/http1/head.ts';
import { type OutBuffer, writeFields } from '../codec/http1/writer.ts';
import type { Origin } from '../contract/target.ts';
import type { HttpExchange } from './exchange.ts';
import { TRACE_FIELD, traceFieldOf } from './trace-lines.ts';

const SLASH = 47;
const REQUEST_LINE_END = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const HOST = Buffer.from('Host: ', 'latin1');
const FORWARDED_HOST = Buffer.from('X-Forwarded-Host: ', 'latin1');
const CHUNKED = Buffer.from('Transfer-Encoding: chunked\r\n', 'latin1');
const NO_BODY = Buffer.from('Content-Length: 0\r\n', 'latin1');
const TE_TRAILERS = Buffer.from('TE: trailers\r\nConnection: TE\r\n', 'latin1');

/** What a client says about where it comes from; we say it instead. */
const REPLACED: Uint8Array = new Uint8Array(256);
for (const id of [
  FIELD.FORWARDED,
  FIELD.X_FORWARDED_FOR,
  FIELD.X_FORWARDED_HOST,
  FIELD.X_FORWARDED_PROTO,
  FIELD.X_REAL_IP,
  FIELD.X_REQUEST_ID,
  FIELD.CLIENT_CERT,
  FIELD.CLIENT_CERT_CHAIN,
  FIELD.X_CLIENT_CERT_SUBJECT,
]) {
  REPLACED[id] = 1;
}

/** The authorization is for a proxy that the request goes to. */
export function writeRequestHead(
  out: OutBuffer,
  exchange: HttpExchange,
  origin: Origin,
  authorization: string | null,
): void {
  const { head, fields } = exchange.request;
  const tellsUpstream = exchange.engine.forwarding !== 'none' && origin.isTransparent !== true;
  if (tellsUpstream) markReplaced(head);
  const trace = traceFieldOf(exchange, tellsUpstream);
  const { upstreamTarget } = exchange.request;
  if (origin.isProxy) writeWholeTarget(out, head);
  else if (upstreamTarget !== '') writeOtherTarget(out, head, origin.pathPrefix + upstreamTarget);
  else writeRequestLine(out, head, origin.pathPrefix);
  writeHost(out, exchange, origin);
  writeFields(out, head, head.drop);
  fields.added.write(out);
  if (tellsUpstream) writeForwarding(out, exchange);
  if (typeof trace === 'string') out.latin1(`traceparent: ${trace}\r\n`);
  else if (trace === TRACE_FIELD.ours) writeOwnTrace(out, exchange);
  if (authorization !== null) out.latin1(`Proxy-Authorization: ${authorization}\r\n`);
  writeFraming(out, head);
  if (exchange.upgrades)
    out.latin1(`Connection: upgrade\r\nUpgrade: ${exchange.request.known(FIELD.UPGRADE) ?? ''}\r\n`);
  else if (head.teTrailers) out.copy(TE_TRAILERS, 0, TE_TRAILERS.length);
  out.crlf();
}

/** Marks what we say in place of the client. */
export function markReplaced({ count, ids, drop }: Head): void {
  for (let i = 0; i < count; i++) if (REPLACED[ids[i]!] === 1) drop[i] = 1;
}

function writeRequestLine(out: OutBuffer, head: Head, pathPrefix: string): void {
  const { bytes, start } = head;
  if (head.targetForm === TARGET_FORM.ORIGIN && pathPrefix === '') {
    out.copy(bytes, start, start + head.targetTo);
  } else {
    out.copy(bytes, start, start + head.targetFrom);
    writeOriginForm(out, head, pathPrefix);
  }
  out.copy(REQUEST_LINE_END, 0, REQUEST_LINE_END.length);
}

/** In place of what the client has asked for. */
function writeOtherTarget(out: OutBuffer, { bytes, start, targetFrom }: Head, target: string): void {
  out.copy(bytes, start, start + targetFrom);
  out.latin1(target);
  out.copy(REQUEST_LINE_END, 0, REQUEST_LINE_END.length);
}

/** A proxy is asked for the URL as the client has given it. */
function writeWholeTarget(out: OutBuffer, head: Head): void {
  const { bytes, start, pathFrom, targetTo } = head;
  out.copy(bytes, start, start + pathFrom);
  // RFC 9112, 3.2.2: an absolute target has a path; the bare one of OPTIONS stands for the whole server.
  const isWholeServer = pathFrom === targetTo && head.methodId === METHOD.OPTIONS;
  if (bytes[start + pathFrom] !== SLASH && !isWholeServer) out.latin1('/');
  out.copy(bytes, start + pathFrom, start + targetTo);
  out.copy(REQUEST_LINE_END, 0, REQUEST_LINE_END.length);
}

/** Path and query of any target. An absolute one without a path means `*` for OPTIONS and `/` for the rest (RFC 9112, 3.2). */
function writeOriginForm(out: OutBuffer, head: Head, pathPrefix: string): void {
  const { bytes, start } = head;
  const isBare = head.pathFrom === head.targetTo;
  if (head.targetForm === TARGET_FORM.ASTERISK || (isBare && head.methodId === METHOD.OPTIONS)) {
    out.latin1('*');
    return;
  }
  out.latin1(pathPrefix);
  if (bytes[start + head.pathFrom] !== SLASH || isBare) out.latin1('/');
  out.copy(bytes, start + head.pathFrom, start + head.targetTo);
}

function writeHost(out: OutBuffer, exchange: HttpExchange, origin: Origin): void {
  const { head, fields, hostFrom, authorityTo } = exchange.request;
  const isNamedByTarget = head.authorityTo > head.authorityFrom;
  // An attempt before this one, by HTTP/2 or with a host of its own, may have taken the client's line out.
  const isLineThere = head.hostIndex >= 0 && (head.drop[head.hostIndex] === 0 || fields.has('host'));
  if (origin.hostField === null && !isNamedByTarget && isLineThere) return;
  if (head.hostIndex >= 0) head.drop[head.hostIndex] = 1;
  out.copy(HOST, 0, HOST.length);
  if (origin.hostField !== null) out.latin1(origin.hostField);
  else if (authorityTo > hostFrom) out.copy(head.bytes, head.start + hostFrom, head.start + authorityTo);
  else out.latin1(defaultHost(origin));
  out.crlf();
}

export function defaultHost(origin: Origin): string {
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  return origin.port === (origin.tls === null ? 80 : 443) ? host : `${host}:${origin.port}`;
}

function writeForwarding(out: OutBuffer, exchange: HttpExchange): void {
  const { ids, forwarding } = exchange.engine;
  const { head, hostFrom, authorityTo } = exchange.request;
  const { forwardedLines } = exchange.responder;
  out.copy(forwardedLines, 0, forwardedLines.length);
  if (authorityTo > hostFrom && forwarding !== 'forwarded') {
    out.copy(FORWARDED_HOST, 0, FORWARDED_HOST.length);
    out.copy(head.bytes, head.start + hostFrom, head.start + authorityTo);
    out.crlf();
  }
  const requestId = ids.requestIdField(exchange.idNumber);
  out.copy(requestId, 0, requestId.length);
}

function writeOwnTrace(out: OutBuffer, { engine, idNumber }: HttpExchange): void {
  const trace = engine.ids.traceField(idNumber);
  out.copy(trace, 0, trace.length);
}

function writeFraming(out: OutBuffer, head: Head): void {
  if (head.framing === FRAMING.CHUNKED) out.copy(CHUNKED, 0, CHUNKED.length);
  else if (head.framing === FRAMING.NONE && head.contentLength < 0 && expectsBody(head.methodId)) {
    out.copy(NO_BODY, 0, NO_BODY.length);
  }
}

function expectsBody(methodId: number): boolean {
  return methodId === METHOD.POST || methodId === METHOD.PUT || methodId === METHOD.PATCH;
}
