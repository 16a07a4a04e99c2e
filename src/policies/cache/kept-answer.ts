// A kept answer as one request gets it: whole, a part of it, that nothing has changed, or that there is no such part. Rule: what it will be is
// settled when it is found, and its body is held from then on, so that whatever happens meanwhile it can be given.
import { Buffer } from 'node:buffer';
import { readyHead } from '../../codec/http1/ready-head.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ReadyAnswer } from '../../contract/kept-answer.ts';
import { type AnswerMeta, ageMs, type FieldLine } from '../../services/cache/answer-meta.ts';
import { clientHasIt, rangeIsWanted } from '../../services/cache/rules/conditions.ts';
import { cacheStatus, type CacheStatus } from '../../services/cache/rules/cache-status.ts';
import type { Copier } from '../../services/cache/copier.ts';
import { FieldList, type FieldReader } from '../../services/cache/rules/field-reader.ts';
import { type ByteRange, contentRange, rangeOf } from '../../services/cache/rules/ranges.ts';
import type { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { CopyEncoding, StoredAnswer } from '../../services/cache/store/stored-answer.ts';
import { KeptBody } from './kept-body.ts';

export interface Kept {
  readonly stored: StoredAnswer;
  /** What is sent: the answer, or a copy of it in another encoding. */
  readonly sent: StoredAnswer;
  readonly view: View;
  /** Held for a client that gets a body which does not lie ready; null: it lies ready, or there is none. */
  body: KeptBody | null;
  readonly range: ByteRange | 'whole' | 'unsatisfiable';
}

/** How an answer looks to a client that is given it as it is kept, or in another encoding. */
export interface View {
  /** Null: there are no others. */
  readonly copier: Copier | null;
  readonly encoding: CopyEncoding | null;
}

export const AS_IT_IS: View = { copier: null, encoding: null };

function linesOf(meta: AnswerMeta, { copier, encoding }: View): readonly FieldLine[] {
  return copier === null ? meta.fields : copier.linesFor(meta.fields, encoding);
}

/** Looked at once for each answer. */
const WORTH = new WeakMap<StoredAnswer, boolean>();

function viewOf(stored: StoredAnswer, copier: Copier, asked: FieldReader): View {
  let isWorth = WORTH.get(stored);
  if (isWorth === undefined) {
    isWorth = copier.isWorth(stored.meta.status, stored.meta.fields, stored.bodyLength);
    WORTH.set(stored, isWorth);
  }
  return isWorth ? { copier, encoding: copier.choose(asked) } : AS_IT_IS;
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

function readyOf({ stored, sent, view }: Kept): Ready {
  const known = READY.get(sent);
  if (known !== undefined) return known;
  const lines = readyHead(stored.meta.status, linesOf(stored.meta, view), sent.bodyLength);
  const { status } = stored.meta;
  const answer = sent.bodyLength > MOST_COPIED_BYTES ? inTwo(status, lines, sent) : inOne(status, lines, sent);
  const made = { answer, name: null, ageS: -1, passing: '' };
  READY.set(sent, made);
  return made;
}

/** So that it is sent by one copy. */
function inOne(status: number, lines: Buffer, { ready, bodyFrom }: StoredAnswer): ReadyAnswer {
  const bytes = Buffer.concat([lines, ready.subarray(bodyFrom)]);
  const [headTo, bodyTo] = [lines.length, bytes.length];
  return { status, isNegotiated: true, head: bytes, headFrom: 0, headTo, body: bytes, bodyFrom: headTo, bodyTo };
}

/** Its body is sent from where it lies. */
function inTwo(status: number, head: Buffer, { ready, bodyFrom }: StoredAnswer): ReadyAnswer {
  const body = Buffer.from(ready.buffer, ready.byteOffset, ready.length);
  const [headTo, bodyTo] = [head.length, body.length];
  return { status, isNegotiated: true, head, headFrom: 0, headTo, body, bodyFrom, bodyTo };
}

function giveReady(exchange: Exchange, kept: Kept, said: Said): void {
  const { stored } = kept;
  const ready = readyOf(kept);
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
  /** Null: there are no copies. */
  readonly copier: Copier | null;
  readonly fields: FieldReader;
  /** 0: it has no conditions and asks for no part. */
  readonly has: number;
  readonly wantsBody: boolean;
  readonly nowMs: number;
}

/** null: its body is gone. */
export function keep(store: CacheStore, stored: StoredAnswer, asked: Asked): Kept | null {
  const { fields, has, wantsBody, nowMs, copier } = asked;
  const { meta } = stored;
  const ranges = has !== 0 && wantsBody && meta.status === 200 ? fields.getAll('range') : [];
  // Parts are of the answer as it is.
  const view = copier === null ? AS_IT_IS : viewOf(stored, copier, ranges.length > 0 ? NO_FIELDS : fields);
  const sent = stored.copies.find(({ encoding }) => encoding === view.encoding) ?? stored;
  const range = ranges.length > 0 && rangeIsWanted(meta, fields, nowMs) ? rangeOf(ranges, stored.bodyLength) : 'whole';
  if (sent.hasBody || !wantsBody || range === 'unsatisfiable') return { stored, sent, view, body: null, range };
  const part = typeof range === 'object' ? range : { from: 0, to: sent.bodyLength };
  const body = KeptBody.open((reader) => store.open(sent, reader, part));
  return body === null ? null : { stored, sent, view, body, range };
}

const NO_FIELDS = new FieldList([]);

/** The copy that the client is to get and that is not there yet; null: there is none to be made. */
export function missingCopy({ stored, sent, view, range }: Kept): CopyEncoding | null {
  return range === 'whole' && sent === stored ? view.encoding : null;
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
  const { stored, sent, range, body, view } = kept;
  if (hasIt(meta, said)) {
    letGo(kept);
    giveNotModified(exchange, linesOf(meta, view), passingFields(meta, said));
  } else if (range === 'unsatisfiable') {
    exchange.give({
      status: 416,
      fields: [[CONTENT_RANGE, `bytes */${stored.bodyLength}`], ...passingFields(meta, said)],
    });
  } else if (range !== 'whole') {
    givePart(exchange, kept, linesOf(meta, view), passingFields(meta, said));
  } else if (body === null && sent.hasBody && meta === stored.meta && missingCopy(kept) === null) {
    giveReady(exchange, kept, said);
  } else {
    giveWhole(exchange, kept, meta, said);
  }
}

/** The client's own conditions say so. */
export function hasIt(meta: AnswerMeta, { asked, nowMs }: Said): boolean {
  return asked !== null && clientHasIt(meta, asked, nowMs);
}

function giveNotModified(exchange: Exchange, lines: readonly FieldLine[], passing: readonly FieldLine[]): void {
  const fields = lines.filter(([name]) => !OF_A_BODY.has(name.toLowerCase()));
  exchange.give({ status: 304, fields: [...fields, ...passing] });
}

function givePart(
  exchange: Exchange,
  { stored, body, range }: Kept,
  lines: readonly FieldLine[],
  passing: readonly FieldLine[],
): void {
  if (typeof range !== 'object') return;
  const fields: FieldLine[] = [
    ...withoutRange(lines),
    [CONTENT_RANGE, contentRange(range, stored.bodyLength)],
    ...passing,
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

function giveWhole(exchange: Exchange, kept: Kept, meta: AnswerMeta, said: Said): void {
  const { stored, sent, body, view } = kept;
  // Where there is no copy, who stands before us encodes what the client gets.
  const lines = sent === stored ? linesOf(meta, { ...view, encoding: null }) : linesOf(meta, view);
  const head = { status: meta.status, fields: [...lines, ...passingFields(meta, said)] };
  if (body !== null) exchange.giveFrom(head, sent.bodyLength, body);
  else if (sent.hasBody) exchange.give({ ...head, body: sent.ready.subarray(sent.bodyFrom) });
  // To HEAD: its length is all that is said of the body.
  else exchange.giveFrom(head, sent.bodyLength, NOBODY);
}

const NOBODY = { begin: () => {}, resume: () => {}, cancel: () => {} };

/** Of an answer that is being fetched by somebody else, or a copy that is being made. */
export function giveAsItComes(
  exchange: Exchange,
  {
    meta,
    bodyLength,
    body,
    view = AS_IT_IS,
  }: { readonly meta: AnswerMeta; readonly bodyLength: number; readonly body: KeptBody; readonly view?: View },
  said: Said,
): void {
  const fields = [...linesOf(meta, view), ...passingFields(meta, said)];
  exchange.giveFrom({ status: meta.status, fields }, bodyLength, body);
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
