// A kept answer as one request gets it: whole, a part of it, that nothing has changed, or that there is no such part. Rule: what it will be is
// settled when it is found, and its body is held from then on, so that whatever happens meanwhile it can be given.
import { Buffer } from 'node:buffer';
import { readyHead } from '../../codec/http1/ready-head.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ReadyAnswer } from '../../contract/kept-answer.ts';
import { type AnswerMeta, ageMs, type FieldLine } from '../../services/cache/answer-meta.ts';
import { clientHasIt, rangeIsWanted } from '../../services/cache/rules/conditions.ts';
import { cacheStatus, type CacheStatus } from '../../services/cache/rules/cache-status.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';
import { type ByteRange, contentRange, rangeOf } from '../../services/cache/rules/ranges.ts';
import type { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { StoredAnswer } from '../../services/cache/store/stored-answer.ts';
import { KeptBody } from './kept-body.ts';

export interface Kept {
  readonly stored: StoredAnswer;
  /** Held for a client that gets a body which does not lie ready; null: it lies ready, or there is none. */
  body: KeptBody | null;
  readonly range: ByteRange | 'whole' | 'unsatisfiable';
}

/** What a 304 does not repeat: it says nothing new of the body that the client has. */
const OF_A_BODY = new Set(['content-type', 'content-length', 'content-encoding', 'content-language', 'content-range']);
const CONTENT_RANGE = 'Content-Range';

/** What is sent of an answer that lies ready; it is kept as long as the answer itself. */
interface Ready {
  readonly answer: ReadyAnswer;
  /** What was last said of it to clients who asked for nothing else, and at which age in seconds. */
  name: string | null;
  ageS: number;
  passing: string;
}

/** What is larger is not copied to be sent. */
const MOST_COPIED_BYTES = 16_384;

const READY = new WeakMap<StoredAnswer, Ready>();

/** A plain hit. */
export const HIT: CacheStatus = { hit: true };

function readyOf(stored: StoredAnswer): Ready {
  const known = READY.get(stored);
  if (known !== undefined) return known;
  const answer = stored.bodyLength > MOST_COPIED_BYTES ? inTwo(stored) : inOne(stored);
  const made = { answer, name: null, ageS: -1, passing: '' };
  READY.set(stored, made);
  return made;
}

/** So that it is sent by one copy. */
function inOne({ meta, bodyLength, ready, bodyFrom }: StoredAnswer): ReadyAnswer {
  const lines = readyHead(meta.status, meta.fields, bodyLength);
  const bytes = Buffer.concat([lines, ready.subarray(bodyFrom)]);
  const [headTo, bodyTo] = [lines.length, bytes.length];
  return { status: meta.status, head: bytes, headFrom: 0, headTo, body: bytes, bodyFrom: headTo, bodyTo };
}

/** Its body is sent from where it lies. */
function inTwo({ meta, bodyLength, ready, bodyFrom }: StoredAnswer): ReadyAnswer {
  const head = readyHead(meta.status, meta.fields, bodyLength);
  const body = Buffer.from(ready.buffer, ready.byteOffset, ready.length);
  return { status: meta.status, head, headFrom: 0, headTo: head.length, body, bodyFrom, bodyTo: body.length };
}

function giveReady(exchange: Exchange, stored: StoredAnswer, said: Said): void {
  const ready = readyOf(stored);
  const ageS = Math.floor(ageMs(stored.meta, said.nowMs) / 1000);
  if (said.status !== HIT) {
    exchange.giveReady(ready.answer, passing(stored.meta, said));
    return;
  }
  if (ready.ageS !== ageS || ready.name !== said.name) {
    ready.ageS = ageS;
    ready.name = said.name;
    ready.passing = passing(stored.meta, said);
  }
  exchange.giveReady(ready.answer, ready.passing);
}

export interface Asked {
  readonly fields: FieldReader;
  /** 0: it has no conditions and asks for no part. */
  readonly has: number;
  readonly wantsBody: boolean;
  readonly nowMs: number;
}

/** null: its body is gone. */
export function keep(store: CacheStore, stored: StoredAnswer, { fields, has, wantsBody, nowMs }: Asked): Kept | null {
  const { meta, bodyLength } = stored;
  const ranges = has !== 0 && wantsBody && meta.status === 200 ? fields.getAll('range') : [];
  const range = ranges.length > 0 && rangeIsWanted(meta, fields, nowMs) ? rangeOf(ranges, bodyLength) : 'whole';
  if (stored.hasBody || !wantsBody || range === 'unsatisfiable') return { stored, body: null, range };
  const part = typeof range === 'object' ? range : { from: 0, to: bodyLength };
  const body = KeptBody.open((reader) => store.open(stored, reader, part));
  return body === null ? null : { stored, body, range };
}

export function letGo(kept: Kept | null): void {
  kept?.body?.cancel();
}

export interface Said {
  /** How Cache-Status calls us; null: it says nothing. */
  readonly name: string | null;
  readonly status: CacheStatus;
  /** null: it has no conditions. */
  readonly asked: FieldReader | null;
  readonly nowMs: number;
}

/** `meta`: what is known of it by now. */
export function give(exchange: Exchange, kept: Kept, meta: AnswerMeta, said: Said): void {
  const { stored, range, body } = kept;
  if (said.asked !== null && clientHasIt(meta, said.asked, said.nowMs)) {
    letGo(kept);
    giveNotModified(exchange, meta, said);
  } else if (range === 'unsatisfiable') {
    exchange.give({
      status: 416,
      fields: [[CONTENT_RANGE, `bytes */${stored.bodyLength}`], ...passingFields(meta, said)],
    });
  } else if (range !== 'whole') {
    givePart(exchange, kept, meta, said);
  } else if (body === null && stored.hasBody && meta === stored.meta) {
    giveReady(exchange, stored, said);
  } else {
    giveWhole(exchange, kept, meta, said);
  }
}

function giveNotModified(exchange: Exchange, meta: AnswerMeta, said: Said): void {
  const fields = meta.fields.filter(([name]) => !OF_A_BODY.has(name.toLowerCase()));
  exchange.give({ status: 304, fields: [...fields, ...passingFields(meta, said)] });
}

function givePart(exchange: Exchange, { stored, body, range }: Kept, meta: AnswerMeta, said: Said): void {
  if (typeof range !== 'object') return;
  const fields: FieldLine[] = [
    ...withoutRange(meta.fields),
    [CONTENT_RANGE, contentRange(range, stored.bodyLength)],
    ...passingFields(meta, said),
  ];
  if (body !== null) {
    exchange.giveFrom({ status: 206, fields }, range.to - range.from, body);
    return;
  }
  const part = stored.ready.subarray(stored.bodyFrom + range.from, stored.bodyFrom + range.to);
  exchange.give({ status: 206, fields, body: part });
}

function withoutRange(fields: readonly FieldLine[]): readonly FieldLine[] {
  return fields.filter(([name]) => name.toLowerCase() !== 'content-range');
}

function giveWhole(exchange: Exchange, { stored, body }: Kept, meta: AnswerMeta, said: Said): void {
  const head = { status: meta.status, fields: [...meta.fields, ...passingFields(meta, said)] };
  if (body !== null) exchange.giveFrom(head, stored.bodyLength, body);
  else if (stored.hasBody) exchange.give({ ...head, body: stored.ready.subarray(stored.bodyFrom) });
  // To HEAD: its length is all that is said of the body.
  else exchange.giveFrom(head, stored.bodyLength, NOBODY);
}

const NOBODY = { begin: () => {}, resume: () => {}, cancel: () => {} };

/** Of an answer that is being fetched by somebody else. */
export function giveAsItComes(
  exchange: Exchange,
  { meta, bodyLength, body }: { readonly meta: AnswerMeta; readonly bodyLength: number; readonly body: KeptBody },
  said: Said,
): void {
  exchange.giveFrom({ status: meta.status, fields: [...meta.fields, ...passingFields(meta, said)] }, bodyLength, body);
}

function passingFields(meta: AnswerMeta, { name, status, nowMs }: Said): FieldLine[] {
  const fields: FieldLine[] = [['Age', String(Math.floor(ageMs(meta, nowMs) / 1000))]];
  if (name !== null) fields.push(['Cache-Status', cacheStatus(name, withTtl(meta, status, nowMs))]);
  return fields;
}

function passing(meta: AnswerMeta, said: Said): string {
  return passingFields(meta, said)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function withTtl(meta: AnswerMeta, status: CacheStatus, nowMs: number): CacheStatus {
  return { ...status, ttl: (meta.lifetimeMs - ageMs(meta, nowMs)) / 1000 };
}
