// Between HTTP/2's lists of fields and the heads that the rest of the engine works with. A received list is written down as
// an HTTP/1.1 head and read by the same strict parser, so that nothing gets in by HTTP/2 that HTTP/1.1 would refuse.
// Rule: framing is our own; what a list says of its connection is left out on the way back (RFC 9113, 8.2.2).
import { FIELD, type Head } from '../codec/http1/head.ts';
import type { EditableFields } from './fields.ts';

/** Name, value, name, value, … as both sides of HTTP/2 give and take them. */
export type FieldList = readonly string[];

/** What a list says: its pseudo-fields, empty where absent, and the others as lines of a head. */
interface ReadList {
  method: string;
  path: string;
  authority: string;
  scheme: string;
  status: string;
  lines: string;
  hasLength: boolean;
}

/** The list of a request as the octets of a head, or what is wrong with it. */
export function requestHeadOf(list: FieldList, hasBody: boolean): Buffer | string {
  const read = readList(list);
  if (typeof read === 'string') return read;
  const { method, path, scheme, authority, lines } = read;
  if (method === '') return 'the request has no method';
  if (method === 'CONNECT') return Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, 'latin1');
  if (path === '') return 'the request has no path';
  if (scheme !== 'http' && scheme !== 'https') return 'the scheme is neither http nor https';
  const host = authority === '' ? '' : `Host: ${authority}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${host}${lines}${framing(read, hasBody)}\r\n`, 'latin1');
}

/** The same for an answer. */
export function responseHeadOf(list: FieldList, hasBody: boolean): Buffer | string {
  const read = readList(list);
  if (typeof read === 'string') return read;
  if (!/^[1-9]\d\d$/.test(read.status)) return 'the answer has no status';
  return Buffer.from(`HTTP/1.1 ${read.status} \r\n${read.lines}${framing(read, hasBody)}\r\n`, 'latin1');
}

function framing({ hasLength }: ReadList, hasBody: boolean): string {
  return hasBody && !hasLength ? 'Transfer-Encoding: chunked\r\n' : '';
}

const BREAKS = /[\0\r\n]/;
const COLON = 58;

function readList(list: FieldList): ReadList | string {
  const read: ReadList = { method: '', path: '', authority: '', scheme: '', status: '', lines: '', hasLength: false };
  let cookies = '';
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    const value = list[i + 1]!;
    if (BREAKS.test(name) || BREAKS.test(value)) return 'a field holds a line break';
    if (name.charCodeAt(0) === COLON) {
      if (!takePseudo(read, name, value)) return `${name} is unknown, late or there twice`;
    } else if (name === 'cookie') cookies = cookies === '' ? value : `${cookies}; ${value}`;
    else if (name === 'host') {
      if (read.authority === '') read.authority = value;
      else if (read.authority.toLowerCase() !== value.toLowerCase()) return 'host and :authority differ';
    } else {
      if (name === 'content-length') read.hasLength = true;
      read.lines += `${name}: ${value}\r\n`;
    }
  }
  // HTTP/2 may split cookies for compression; HTTP/1.1 knows one field (RFC 9113, 8.2.3).
  if (cookies !== '') read.lines += `cookie: ${cookies}\r\n`;
  return read;
}

type PseudoName = 'method' | 'path' | 'authority' | 'scheme' | 'status';

const PSEUDO: Readonly<Record<string, PseudoName>> = {
  ':method': 'method',
  ':path': 'path',
  ':authority': 'authority',
  ':scheme': 'scheme',
  ':status': 'status',
};

function takePseudo(read: ReadList, name: string, value: string): boolean {
  const key = PSEUDO[name];
  if (key === undefined || read.lines !== '' || read[key] !== '') return false;
  read[key] = value;
  return true;
}

/** A trailer section as the end of a chunked body, for a parser that has read such a head. */
export function trailerSectionOf(list: FieldList): Buffer {
  const lines: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    if (!BREAKS.test(list[i + 1]!) && !list[i]!.startsWith(':')) lines.push(`${list[i]!}: ${list[i + 1]!}\r\n`);
  }
  return Buffer.from(`0\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Names in lower case by their FIELD number, which saves reading nearly every one of them. */
const NAMES: readonly string[] = Object.entries(FIELD).reduce<string[]>((names, [key, id]) => {
  names[id] = key.toLowerCase().replaceAll('_', '-');
  return names;
}, []);

export function lowerName(head: Head, index: number): string {
  const id = head.ids[index]!;
  return id === FIELD.OTHER ? head.name(index).toLowerCase() : NAMES[id]!;
}

/** The kept fields of a head as a list. Its octets become one string, of which the values are parts: bench/http2-head.ts, 2×. */
export function appendKept(list: string[], head: Head): void {
  const { count, drop, fields } = head;
  if (count === 0) return;
  const first = fields[0]!;
  const text = head.text(first, fields[count * 4 - 1]!);
  for (let i = 0; i < count; i++) {
    if (drop[i] === 0)
      list.push(lowerName(head, i), text.slice(fields[i * 4 + 2]! - first, fields[i * 4 + 3]! - first));
  }
}

/** The kept fields of a message, and what was added, as a list. */
export function appendFields(list: string[], fields: EditableFields): void {
  appendKept(list, fields.head);
  fields.added.appendTo(list);
}

export function trailerList(trailers: Head | null): string[] | null {
  if (trailers === null || trailers.count === 0) return null;
  const list: string[] = [];
  appendKept(list, trailers);
  return list;
}
