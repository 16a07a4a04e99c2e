// One message head: its bytes, and where its parts lie in them. A connection has one and reuses it for every message.
// Rule: bytes stay bytes; a string is made only when somebody asks for it, and reading a head allocates nothing.
import type { NodeBuffer } from '../../core/node-buffer.ts';
import { TOKEN } from './octets.ts';

/** Methods known by number. Everything else is OTHER, and its name is in the bytes. */
export const METHOD = {
  OTHER: 0,
  GET: 1,
  HEAD: 2,
  POST: 3,
  PUT: 4,
  DELETE: 5,
  CONNECT: 6,
  OPTIONS: 7,
  TRACE: 8,
  PATCH: 9,
} as const;

/** Field names known by number. The first ones, up to HTTP2_SETTINGS, mean something to the codec itself. */
export const FIELD = {
  OTHER: 0,
  HOST: 1,
  CONNECTION: 2,
  KEEP_ALIVE: 3,
  PROXY_CONNECTION: 4,
  TE: 5,
  TRANSFER_ENCODING: 6,
  CONTENT_LENGTH: 7,
  UPGRADE: 8,
  EXPECT: 9,
  HTTP2_SETTINGS: 10,
  TRAILER: 11,
  VIA: 12,
  FORWARDED: 13,
  X_FORWARDED_FOR: 14,
  X_FORWARDED_HOST: 15,
  X_FORWARDED_PROTO: 16,
  X_REAL_IP: 17,
  X_REQUEST_ID: 18,
  TRACEPARENT: 19,
  TRACESTATE: 20,
  AUTHORIZATION: 21,
  PROXY_AUTHORIZATION: 22,
  PROXY_AUTHENTICATE: 23,
  WWW_AUTHENTICATE: 24,
  COOKIE: 25,
  SET_COOKIE: 26,
  DATE: 27,
  SERVER: 28,
  CONTENT_TYPE: 29,
  CONTENT_ENCODING: 30,
  CONTENT_RANGE: 31,
  ACCEPT: 32,
  ACCEPT_ENCODING: 33,
  ACCEPT_LANGUAGE: 34,
  CACHE_CONTROL: 35,
  USER_AGENT: 36,
  REFERER: 37,
  ORIGIN: 38,
  MAX_FORWARDS: 39,
  LOCATION: 40,
  ETAG: 41,
  LAST_MODIFIED: 42,
  EXPIRES: 43,
  VARY: 44,
  AGE: 45,
  RANGE: 46,
  IF_MATCH: 47,
  IF_NONE_MATCH: 48,
  IF_MODIFIED_SINCE: 49,
  IF_UNMODIFIED_SINCE: 50,
  IF_RANGE: 51,
  RETRY_AFTER: 52,
  PRAGMA: 53,
  WARNING: 54,
  UPGRADE_INSECURE_REQUESTS: 55,
  ALT_SVC: 56,
  CLIENT_CERT: 57,
  CLIENT_CERT_CHAIN: 58,
  X_CLIENT_CERT_SUBJECT: 59,
} as const;

/** How the end of the body is found. */
export const FRAMING = { NONE: 0, LENGTH: 1, CHUNKED: 2, UNTIL_CLOSE: 3 } as const;

/** The four forms of a request target (RFC 9112, 3.2). */
export const TARGET_FORM = { ORIGIN: 0, ABSOLUTE: 1, AUTHORITY: 2, ASTERISK: 3 } as const;

const NOTHING = Buffer.alloc(0);
const FIRST_ROOM = 24;

/** Offsets are relative to `start`, so that a head can be moved by copying its bytes. */
export class Head {
  /** The head is bytes[start, start + length), its final empty line included. It may be a borrowed buffer: see moveTo(). */
  bytes: NodeBuffer = NOTHING;
  start = 0;
  length = 0;

  /** Of a request. */
  methodId: number = METHOD.OTHER;
  methodTo = 0;
  targetFrom = 0;
  targetTo = 0;
  targetForm: number = TARGET_FORM.ORIGIN;
  /** Host and port as the target itself names them (absolute-form, authority-form); equal offsets if it does not. */
  authorityFrom = 0;
  authorityTo = 0;
  /** Where path and query begin in the target; equals targetTo when it has none (authority-form, `http://host`). */
  pathFrom = 0;

  /** Of a response. */
  status = 0;
  reasonFrom = 0;
  reasonTo = 0;

  /** 0 or 1; what is above 1 reads as 1. */
  versionMinor = 1;

  /** Number of fields. */
  count = 0;
  /** Four offsets per field: nameFrom, nameTo, valueFrom, valueTo; the value is without the whitespace around it. */
  fields: Int32Array;
  /** The FIELD number of each field. */
  ids: Uint8Array;
  /** 1 = belongs to this connection only and is not forwarded: the hop-by-hop fields and those that Connection lists.
   *  Host and Content-Length are never marked, even when Connection lists them. */
  drop: Uint8Array;

  framing: number = FRAMING.NONE;
  /** What Content-Length says, -1 without one. In an answer to HEAD and in a 304 it says nothing about the framing. */
  contentLength = -1;
  /** Persistence as the message itself states it: 1.1 without `close`, 1.0 with `keep-alive`. */
  keepAlive = true;
  /** `Expect: 100-continue` in a 1.1 request. */
  expectContinue = false;
  /** An Expect field that asks for something else. */
  expectOther = false;
  /** An Upgrade field together with `Connection: upgrade`, in 1.1. */
  wantsUpgrade = false;
  /** `TE: trailers`. */
  teTrailers = false;
  /** Index of the Host field, -1 without one. */
  hostIndex = -1;
  /** What the steering fields have said so far, in bits that field-meaning.ts knows. */
  said = 0;

  /** With room for so many fields; it grows where they are more. */
  constructor(room: number = FIRST_ROOM) {
    this.fields = new Int32Array(room * 4);
    this.ids = new Uint8Array(room);
    this.drop = new Uint8Array(room);
  }

  /** Ready for the next message. The offsets of fields need no cleaning: nothing reads past `count`. */
  reset(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.length = 0;
    this.methodId = METHOD.OTHER;
    this.methodTo = 0;
    this.targetFrom = 0;
    this.targetTo = 0;
    this.targetForm = TARGET_FORM.ORIGIN;
    this.authorityFrom = 0;
    this.authorityTo = 0;
    this.pathFrom = 0;
    this.status = 0;
    this.reasonFrom = 0;
    this.reasonTo = 0;
    this.versionMinor = 1;
    this.count = 0;
    this.framing = FRAMING.NONE;
    this.contentLength = -1;
    this.keepAlive = true;
    this.expectContinue = false;
    this.expectOther = false;
    this.wantsUpgrade = false;
    this.teTrailers = false;
    this.hostIndex = -1;
    this.said = 0;
  }

  /** Copies the bytes to where they may stay. Needed before the buffer that they were read into is used again. */
  moveTo(target: NodeBuffer, at: number): void {
    this.bytes.copy(target, at, this.start, this.start + this.length);
    this.bytes = target;
    this.start = at;
  }

  /** Doubles the room for fields. */
  grow(): void {
    const room = Math.max(FIRST_ROOM, this.ids.length * 2);
    const fields = new Int32Array(room * 4);
    fields.set(this.fields);
    this.fields = fields;
    const ids = new Uint8Array(room);
    ids.set(this.ids);
    this.ids = ids;
    const drop = new Uint8Array(room);
    drop.set(this.drop);
    this.drop = drop;
  }

  /** Index of the next field with that FIELD number, -1 if there is none. */
  find(id: number, from = 0): number {
    for (let index = from; index < this.count; index++) if (this.ids[index] === id) return index;
    return -1;
  }

  /** Index of the next field with that name, compared case-blind, -1 if there is none. For names without a number. */
  findName(lowercaseName: string, from = 0): number {
    for (let index = from; index < this.count; index++) if (this.nameEquals(index, lowercaseName)) return index;
    return -1;
  }

  nameEquals(index: number, lowercaseName: string): boolean {
    const from = this.fields[index * 4]!;
    const length = this.fields[index * 4 + 1]! - from;
    if (length !== lowercaseName.length) return false;
    const at = this.start + from;
    for (let i = 0; i < length; i++) if (TOKEN[this.bytes[at + i]!] !== lowercaseName.charCodeAt(i)) return false;
    return true;
  }

  /** Whether a part of the head is this text, octet by octet and without making a string of it. */
  equals(from: number, to: number, text: string): boolean {
    if (to - from !== text.length) return false;
    const at = this.start + from;
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  name(index: number): string {
    return this.text(this.fields[index * 4]!, this.fields[index * 4 + 1]!);
  }

  value(index: number): string {
    return this.text(this.fields[index * 4 + 2]!, this.fields[index * 4 + 3]!);
  }

  method(): string {
    return this.text(0, this.methodTo);
  }

  target(): string {
    return this.text(this.targetFrom, this.targetTo);
  }

  reason(): string {
    return this.text(this.reasonFrom, this.reasonTo);
  }

  /** Any part of the head, by its relative offsets. */
  text(from: number, to: number): string {
    return this.bytes.toString('latin1', this.start + from, this.start + to);
  }
}
