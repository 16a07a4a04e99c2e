// Between HTTP/2's lists of fields and the heads that the rest of the engine works with. A received list is written down as
// an HTTP/1.1 head and read by the same strict parser, so that nothing gets in by HTTP/2 that HTTP/1.1 would refuse.
// Rule: framing is our own; what a list says of its connection is left out on the way back (RFC 9113, 8.2.2).
import type { Head } from '../codec/http1/head.ts';
import type { EditableFields } from './fields.ts';

/** Name, value, name, value, … as node:http2 gives and takes them. */
export type FieldList = readonly string[];

interface Pseudo {
  method: string;
  path: string;
  authority: string;
  scheme: string;
  status: string;
}

/** The list of a request as the octets of a head, or what is wrong with it. */
export function requestHeadOf(list: FieldList, hasBody: boolean): Buffer | string {
  const lines: string[] = [];
  const pseudo: Pseudo = { method: '', path: '', authority: '', scheme: '', status: '' };
  const fault = takeList(list, pseudo, lines);
  if (fault !== null) return fault;
  const { method, path, scheme } = pseudo;
  if (method === '') return 'the request has no method';
  if (method === 'CONNECT')
    return Buffer.from(`CONNECT ${pseudo.authority} HTTP/1.1\r\nHost: ${pseudo.authority}\r\n\r\n`, 'latin1');
  if (path === '') return 'the request has no path';
  if (scheme !== 'http' && scheme !== 'https') return 'the scheme is neither http nor https';
  if (pseudo.authority !== '') lines.unshift(`Host: ${pseudo.authority}`);
  if (hasBody && !lines.some((line) => line.startsWith('content-length:'))) lines.push('Transfer-Encoding: chunked');
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The same for an answer. */
export function responseHeadOf(list: FieldList, hasBody: boolean): Buffer | string {
  const lines: string[] = [];
  const pseudo: Pseudo = { method: '', path: '', authority: '', scheme: '', status: '' };
  const fault = takeList(list, pseudo, lines);
  if (fault !== null) return fault;
  if (!/^[1-9]\d\d$/.test(pseudo.status)) return 'the answer has no status';
  if (hasBody && !lines.some((line) => line.startsWith('content-length:'))) lines.push('Transfer-Encoding: chunked');
  return Buffer.from(`HTTP/1.1 ${pseudo.status} \r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
}

const BREAKS = /[\0\r\n]/;

function takeList(list: FieldList, pseudo: Pseudo, lines: string[]): string | null {
  const cookies: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    const value = list[i + 1]!;
    if (BREAKS.test(name) || BREAKS.test(value)) return 'a field holds a line break';
    if (name.startsWith(':')) {
      const key = name.slice(1);
      if (lines.length > 0 || !(key in pseudo) || pseudo[key as keyof Pseudo] !== '')
        return `${name} is unknown, late or there twice`;
      pseudo[key as keyof Pseudo] = value;
    } else if (name === 'cookie') cookies.push(value);
    else if (name !== 'host') lines.push(`${name}: ${value}`);
    else if (pseudo.authority === '') pseudo.authority = value;
    else if (pseudo.authority.toLowerCase() !== value.toLowerCase()) return 'host and :authority differ';
  }
  // HTTP/2 may split cookies for compression; HTTP/1.1 knows one field (RFC 9113, 8.2.3).
  if (cookies.length > 0) lines.push(`cookie: ${cookies.join('; ')}`);
  return null;
}

/** A trailer section as the end of a chunked body, for a parser that has read such a head. */
export function trailerSectionOf(list: FieldList): Buffer {
  const lines: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    if (!BREAKS.test(list[i + 1]!) && !list[i]!.startsWith(':')) lines.push(`${list[i]!}: ${list[i + 1]!}\r\n`);
  }
  return Buffer.from(`0\r\n${lines.join('')}\r\n`, 'latin1');
}

/** The kept fields of a message, and what was added, as a list. */
export function appendFields(list: string[], fields: EditableFields): void {
  const { head } = fields;
  for (let i = 0; i < head.count; i++) {
    if (head.drop[i] === 0) list.push(head.name(i).toLowerCase(), head.value(i));
  }
  if (fields.added === '') return;
  for (const line of fields.added.slice(0, -2).split('\r\n')) {
    const colon = line.indexOf(':');
    list.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
}

export function trailerList(trailers: Head | null): string[] | null {
  if (trailers === null || trailers.count === 0) return null;
  const list: string[] = [];
  for (let i = 0; i < trailers.count; i++) {
    if (trailers.drop[i] === 0) list.push(trailers.name(i).toLowerCase(), trailers.value(i));
  }
  return list;
}
