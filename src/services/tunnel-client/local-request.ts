// The head of a request as the local server gets it, and the head of its answer as visitors get it. Rule: what belongs to one connection
// stays there; what came through the tunnel is looked at before it is written.
import type { Head } from '../../codec/http1/head.ts';
import { fieldOctets } from '../../codec/http1/field-text.ts';
import type { OutBuffer } from '../../codec/http1/writer.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { ExposedTunnel, FieldChange, FieldPair } from './exposed-tunnel.ts';
import { valuesOf } from './visitor-gate.ts';

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OF_THE_HANDSHAKE: ReadonlySet<string> = new Set([
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
]);
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;

export interface LocalRequest {
  readonly open: StreamOpenMessage;
  readonly tunnel: ExposedTunnel;
  /** Written in place of what the connection needs: `Connection`, `Upgrade` and so on. */
  readonly own: readonly FieldPair[];
}

/** Throws what cannot be written. -1: the body goes in chunks; 0 and up: it has that length; null: there is none. */
export function writeLocalRequest(out: OutBuffer, request: LocalRequest): number | null {
  const { open, tunnel, own } = request;
  const { method, path, headers, hasBody } = open;
  if (!METHOD.test(method) || !TARGET.test(path)) throw new Error('a request that is not valid HTTP');
  const length = lengthOf(headers);
  out.latin1(`${method} ${path} HTTP/1.1\r\n`);
  writeField(out, ['Host', hostOf(tunnel, headers)]);
  for (const field of keptFields(request)) writeField(out, field);
  for (const [name, value] of tunnel.requestFields) if (value !== null) writeField(out, [name, value]);
  const isChunked = hasBody && length === null;
  if (isChunked) writeField(out, ['Transfer-Encoding', 'chunked']);
  for (const field of own) writeField(out, field);
  // The server says it only of a client that understands trailers, and it is between two that are connected.
  if (valuesOf(headers, 'te').length > 0) writeField(out, ['Connection', 'TE']);
  out.crlf();
  if (!hasBody) return null;
  return isChunked ? -1 : length;
}

/** What follows the last part of a body in chunks. */
export function writeLocalTrailers(out: OutBuffer, trailers: readonly FieldPair[]): void {
  out.latin1('0\r\n');
  for (const [name, value] of trailers) if (isWritable(name, value)) writeField(out, [name, value]);
  out.crlf();
}

function isWritable(name: string, value: string): boolean {
  return METHOD.test(name) && !/[\0\r\n]/.test(value) && !OF_THE_CONNECTION.has(name.toLowerCase());
}

export function trailerFields(trailers: Head): FieldPair[] {
  return Array.from({ length: trailers.count }, (_, at): FieldPair => [trailers.name(at), trailers.value(at)]);
}

function writeField(out: OutBuffer, [name, value]: FieldPair): void {
  const octets = fieldOctets(name, value);
  out.latin1(`${name}: ${octets}\r\n`);
}

function keptFields({ open: { headers, mode }, tunnel }: LocalRequest): FieldPair[] {
  const removed = new Set(tunnel.requestFields.map(([name]) => name.toLowerCase()));
  // It was meant for us.
  if (tunnel.auth !== null) removed.add('authorization');
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lower) || removed.has(lower)) return false;
    return mode !== 'ws' || !OF_THE_HANDSHAKE.has(lower);
  });
}

function lengthOf(headers: readonly FieldPair[]): number | null {
  const [length, another] = new Set(valuesOf(headers, 'content-length'));
  if (length === undefined) return null;
  if (another !== undefined || !/^\d{1,15}$/.test(length)) throw new Error('a length that is none');
  return Number(length);
}

function hostOf({ hostHeader }: ExposedTunnel, headers: readonly FieldPair[]): string {
  return hostHeader ?? valuesOf(headers, 'host')[0] ?? 'localhost';
}

/** The fields of an answer that go through the tunnel; each character of a value is one of its bytes. */
export function answerFields(head: Head, open: StreamOpenMessage, tunnel: ExposedTunnel): FieldPair[] {
  const fields: FieldPair[] = [];
  for (let index = 0; index < head.count; index += 1) {
    if (head.drop[index] === 0) fields.push([head.name(index), head.value(index)]);
  }
  const seen =
    tunnel.hostHeader === null ? fields : fields.map((field) => seenFromOutside(field, open, tunnel.hostHeader ?? ''));
  return changed(seen, tunnel.responseFields);
}

function changed(fields: readonly FieldPair[], changes: readonly FieldChange[]): FieldPair[] {
  if (changes.length === 0) return [...fields];
  const removed = new Set(changes.map(([name]) => name.toLowerCase()));
  const kept = fields.filter(([name]) => !removed.has(name.toLowerCase()));
  const put = changes.flatMap(([name, value]): FieldPair[] => (value === null ? [] : [[name, value]]));
  return [...kept, ...put];
}

/** A local server that was told another name than the visitor has asked for names itself by that: only that very name is put right. */
function seenFromOutside([name, value]: FieldPair, { headers }: StreamOpenMessage, hostHeader: string): FieldPair {
  const lower = name.toLowerCase();
  if (lower === 'set-cookie') {
    const [own = ''] = hostHeader.split(':');
    return [
      name,
      value.replace(/;\s*domain=([^;]*)/i, (all, domain: string) => (domain.trim().toLowerCase() === own ? '' : all)),
    ];
  }
  const [host] = valuesOf(headers, 'host');
  if (lower !== 'location' || host === undefined) return [name, value];
  const match = /^https?:\/\/([^/?#]*)(.*)$/is.exec(value);
  if (match === null || match[1]?.toLowerCase() !== hostHeader.toLowerCase()) return [name, value];
  const proto = valuesOf(headers, 'x-forwarded-proto')[0] === 'https' ? 'https' : 'http';
  return [name, `${proto}://${host}${match[2]}`];
}
