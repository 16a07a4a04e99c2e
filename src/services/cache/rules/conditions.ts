// Conditions of requests (RFC 9110, 13, and RFC 9111, 4.3): those of a client that a stored answer meets or not, and those by which an
// origin is asked whether it is still good. Rule: conditions that only an origin can judge are left to it.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { splitList, trim } from './cache-control.ts';
import type { FieldReader } from './field-reader.ts';
import { dateOf } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';

const FOR_ORIGINS = ['if-match', 'if-unmodified-since'];
const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since', ...FOR_ORIGINS, 'if-range']);

export function isForOriginAlone(request: FieldReader): boolean {
  return FOR_ORIGINS.some((name) => request.get(name) !== undefined);
}

/** Whether the client has what is stored: then 304 tells it so. */
export function clientHasIt(meta: AnswerMeta, request: FieldReader, nowMs: number): boolean {
  if (meta.status !== 200) return false;
  const tags = request.getAll('if-none-match');
  if (tags.length > 0) return meta.etag === '' ? isAny(tags) : isAny(tags) || listsTag(tags, meta.etag);
  const [since, ...more] = request.getAll('if-modified-since');
  if (since === undefined || more.length > 0) return false;
  const sinceMs = parseHttpDate(since, nowMs);
  const changedMs = changedAtMs(meta, nowMs);
  return sinceMs !== null && changedMs !== null && changedMs <= sinceMs;
}

/** As the answer says; without that, it cannot have changed after it was made or came. */
function changedAtMs(meta: AnswerMeta, nowMs: number): number | null {
  if (meta.lastModified !== '') return parseHttpDate(meta.lastModified, nowMs);
  const date = meta.fields.find(([name]) => name.toLowerCase() === 'date')?.[1];
  return date === undefined ? meta.bornAtMs : parseHttpDate(date, nowMs);
}

function isAny(lines: readonly string[]): boolean {
  return lines.length === 1 && trim(lines[0] ?? '') === '*';
}

/** By the weak comparison. */
function listsTag(lines: readonly string[], etag: string): boolean {
  const wanted = withoutWeakness(etag);
  return splitList(lines.join(',')).some((part) => withoutWeakness(trim(part)) === wanted);
}

function withoutWeakness(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** The request's fields, with conditions that ask whether what is stored is good in place of its own. A range comes from what is stored. */
export function fieldsToAskBy(request: FieldReader, meta: AnswerMeta): readonly FieldLine[] {
  const asks = conditionsFor(meta);
  return [...request.entries().filter(([name]) => !isReplaced(name.toLowerCase())), ...asks];
}

function isReplaced(name: string): boolean {
  return CONDITIONS.has(name) || name === 'range';
}

/** Empty: there is nothing to ask by. */
export function conditionsFor(meta: AnswerMeta): readonly FieldLine[] {
  const conditions: FieldLine[] = [];
  if (meta.etag !== '') conditions.push(['If-None-Match', meta.etag]);
  if (meta.lastModified !== '') conditions.push(['If-Modified-Since', meta.lastModified]);
  return conditions;
}

/** Whether a range may be given of what is stored: only of exactly what the client has the rest of. */
export function rangeIsWanted(meta: AnswerMeta, request: FieldReader, nowMs: number): boolean {
  const condition = request.get('if-range');
  if (condition === undefined) return true;
  const wanted = trim(condition);
  if (wanted.startsWith('"')) return wanted === meta.etag;
  if (wanted.startsWith('W/')) return false;
  return isStrongDate(meta, wanted, nowMs);
}

/** A date tells two versions apart only when it lies well before the answer (RFC 9110, 8.8.2.2). */
function isStrongDate(meta: AnswerMeta, wanted: string, nowMs: number): boolean {
  const [asked, modified] = [parseHttpDate(wanted, nowMs), parseHttpDate(meta.lastModified, nowMs)];
  const date = dateOf({ get: () => undefined, entries: () => [], getAll: () => dateLines(meta) }, nowMs);
  return asked !== null && asked === modified && date !== null && date - modified >= 1000;
}

function dateLines(meta: AnswerMeta): readonly string[] {
  return meta.fields.filter(([name]) => name.toLowerCase() === 'date').map(([, value]) => value);
}
