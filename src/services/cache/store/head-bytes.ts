// What is known of an answer as it lies in shared memory: the key, the meta, and the fields as lines. Rule: nearly all metas are numbers beside
// what the key says already, and are written as such; one that is not so plain is written as JSON, and whoever reads sees by the first
// byte which it is.
import { Buffer } from 'node:buffer';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import type { HeadParts } from './stored-answer.ts';
import { packMeta } from './packed-meta.ts';

/** A text of JSON does not begin so. */
const PLAIN = 1;
const STATUS_AT = 2;
const URL_AT = 4;
const URL_LENGTH_AT = 8;
const FLAGS_AT = 12;
const TIMES_AT = 16;
const PLAIN_BYTES = 56;
/** How many properties a meta has that says nothing which we do not know of. */
const PROPERTIES = 16;
const FIRST_ROOM = 16_384;
const MOST_UTF8 = 3;

/** Put together here, and copied into its place at once. */
let room = Buffer.allocUnsafeSlow(FIRST_ROOM);

export interface HeadBytes {
  /** The key, the meta and the lines; they are others with the next head. */
  bytes: Buffer;
  keyLength: number;
  metaLength: number;
  linesLength: number;
  /** Where the URL stands in the key, by bytes; of length 0: it does not. */
  urlFrom: number;
  urlLength: number;
}

const head: HeadBytes = { bytes: room, keyLength: 0, metaLength: 0, linesLength: 0, urlFrom: 0, urlLength: 0 };

/** Node's own, without checks of what is known. */
interface Latin1Writer {
  latin1Write(text: string, at: number, length: number): number;
}

interface Lines {
  readonly text: string;
  readonly etag: string;
  readonly lastModified: string;
}

/** `copyOf`: see HeadParts. What it gives is good until it is called again. */
export function headBytes(parts: HeadParts): HeadBytes {
  const { key, meta } = parts;
  const lines = linesOf(meta.fields);
  const urlFrom = key.indexOf(meta.url);
  const json = isPlain(parts, lines, urlFrom) ? '' : jsonOf(parts);
  reserve((key.length + json.length) * MOST_UTF8 + PLAIN_BYTES + lines.text.length);
  head.keyLength = room.write(key, 0);
  const isAscii = head.keyLength === key.length && urlFrom >= 0;
  head.urlFrom = isAscii ? urlFrom : 0;
  head.urlLength = isAscii ? meta.url.length : 0;
  head.metaLength = json === '' ? writePlain(head.keyLength, meta, urlFrom) : room.write(json, head.keyLength);
  const at = head.keyLength + head.metaLength;
  head.linesLength = (room as Buffer & Latin1Writer).latin1Write(lines.text, at, lines.text.length);
  head.bytes = room;
  return head;
}

function reserve(bytes: number): void {
  if (bytes > room.length) room = Buffer.allocUnsafeSlow(bytes);
}

function linesOf(fields: readonly FieldLine[]): Lines {
  let [text, etag, lastModified] = ['', '', ''];
  for (const [name, value] of fields) {
    text += `${name}: ${value}\r\n`;
    if (name.length === 4 && etag === '' && name.toLowerCase() === 'etag') etag = value;
    if (name.length === 13 && lastModified === '' && name.toLowerCase() === 'last-modified') lastModified = value;
  }
  return { text: `${text}\r\n`, etag, lastModified };
}

/** All that it says beside numbers is said by the key and the fields. */
function isPlain({ key, meta, trailers, copyOf }: HeadParts, lines: Lines, urlFrom: number): boolean {
  const { route, url, host } = meta;
  return (
    urlFrom >= 0 &&
    trailers.length === 0 &&
    copyOf === 0 &&
    meta.varyNames.length === 0 &&
    meta.varyKey === '' &&
    meta.tags.length === 0 &&
    meta.etag === lines.etag &&
    meta.lastModified === lines.lastModified &&
    route !== '' &&
    key.indexOf(' ') === route.length &&
    key.startsWith(route) &&
    isHostOf(url, host) &&
    Object.keys(meta).length === PROPERTIES
  );
}

/** As `hostOf` of a URL would say it; a name that is not so easily told is none. */
function isHostOf(url: string, host: string): boolean {
  const from = url.indexOf('://') + 3;
  if (host.includes(':') || !url.startsWith(host, from)) return false;
  const end = url.charAt(from + host.length);
  return end === '' || end === '/' || end === ':' || end === '?' || end === '#';
}

function writePlain(at: number, meta: AnswerMeta, urlFrom: number): number {
  room[at] = PLAIN;
  room[at + 1] = 0;
  room.writeUInt16LE(meta.status, at + STATUS_AT);
  room.writeInt32LE(urlFrom, at + URL_AT);
  room.writeInt32LE(meta.url.length, at + URL_LENGTH_AT);
  room.writeInt32LE(meta.flags, at + FLAGS_AT);
  room.writeDoubleLE(meta.bornAtMs, at + TIMES_AT);
  room.writeDoubleLE(meta.checkedAtMs, at + TIMES_AT + 8);
  room.writeDoubleLE(meta.lifetimeMs, at + TIMES_AT + 16);
  room.writeDoubleLE(meta.staleWhileAskingMs, at + TIMES_AT + 24);
  room.writeDoubleLE(meta.staleOnErrorMs, at + TIMES_AT + 32);
  return PLAIN_BYTES;
}

export function isPlainMeta(bytes: Buffer): boolean {
  return bytes[0] === PLAIN;
}

export function readPlain(key: string, bytes: Buffer, fields: readonly FieldLine[]): AnswerMeta {
  const urlFrom = bytes.readInt32LE(URL_AT);
  const url = key.slice(urlFrom, urlFrom + bytes.readInt32LE(URL_LENGTH_AT));
  const { etag, lastModified } = linesOf(fields);
  return {
    url,
    host: hostOf(url),
    route: key.slice(0, key.indexOf(' ')),
    status: bytes.readUInt16LE(STATUS_AT),
    fields,
    varyNames: NOTHING,
    varyKey: '',
    tags: NOTHING,
    bornAtMs: bytes.readDoubleLE(TIMES_AT),
    checkedAtMs: bytes.readDoubleLE(TIMES_AT + 8),
    lifetimeMs: bytes.readDoubleLE(TIMES_AT + 16),
    staleWhileAskingMs: bytes.readDoubleLE(TIMES_AT + 24),
    staleOnErrorMs: bytes.readDoubleLE(TIMES_AT + 32),
    flags: bytes.readInt32LE(FLAGS_AT),
    etag,
    lastModified,
  };
}

const NOTHING: readonly string[] = [];

/** It ends where a port, a path or a query begins. */
function hostOf(url: string): string {
  const from = url.indexOf('://') + 3;
  const end = url.slice(from).search(/[:/?#]/);
  return end < 0 ? url.slice(from) : url.slice(from, from + end);
}

function jsonOf({ key, meta, trailers, copyOf }: HeadParts): string {
  const packed = packMeta(key, meta);
  if (trailers.length === 0 && copyOf === 0) return JSON.stringify(packed);
  return JSON.stringify([...packed, { ...(trailers.length > 0 && { trailers }), ...(copyOf !== 0 && { copyOf }) }]);
}
