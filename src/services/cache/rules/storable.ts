// Which answers are kept, and what of them (RFC 9111, 3). Rule: not to keep an answer is always right; whatever speaks against it says
// so by a word, which Cache-Status and the metrics repeat.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { parseCacheControl, splitList, trim, type Directives } from './cache-control.ts';
import type { FieldReader } from './field-reader.ts';
import { bornAtMs, freshnessOf, saidBy, type FreshnessDefaults } from './freshness.ts';
import { varyKey, varyNames } from './vary.ts';

export interface Answered {
  readonly method: string;
  /** Scheme, authority, path and query. */
  readonly url: string;
  readonly host: string;
  readonly route: string;
  readonly request: FieldReader;
  readonly status: number;
  readonly response: FieldReader;
  /** Of the wall clock. */
  readonly requestedAtMs: number;
  readonly respondedAtMs: number;
}

export interface StoreRules extends FreshnessDefaults {
  /** `keep`: with the answer that has it; `strip`: the answer without it; `refuse`: not such an answer. */
  readonly setCookie: 'keep' | 'strip' | 'refuse';
}

export type Refusal =
  | 'method'
  | 'status'
  | 'partial'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary'
  | 'set-cookie'
  | 'cookie'
  | 'no-lifetime'
  | 'must-understand';

/** Whose meaning we know (RFC 9110). */
const UNDERSTOOD = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 451, 500,
  501, 502, 503, 504, 505,
]);
/** What holds only for one request, its client or its connection, or must not be kept. */
const NEVER = new Set([304, 401, 407, 408, 412, 416, 417, 421, 425, 426, 428, 429, 431, 511]);
/** Fields of one connection (RFC 9111, 3.1), and Age, which is counted anew. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'age',
]);
/** Most names are told from these by their length. */
const DROPPED_LENGTHS: ReadonlySet<number> = new Set([...DROPPED].map((name) => name.length));
const NO_NAMES: ReadonlySet<string> = new Set();
const NO_TAGS: readonly string[] = [];
const TAG_FIELDS = ['surrogate-key', 'cache-tag'];
const MAX_TAGS = 128;

export function answerToStore(answered: Answered, rules: StoreRules): AnswerMeta | Refusal {
  const { response } = answered;
  const said = saidBy(response).directives;
  const names = varyNames(response.getAll('vary'));
  const refusal = refusalOf(answered, said, rules) ?? (names === null ? 'vary' : null);
  if (refusal !== null || names === null) return refusal ?? 'vary';
  return withFreshness(answered, rules, {
    fields: fieldsToKeep(response, said, rules),
    varyNames: names,
    varyKey: varyKey(names, answered.request),
  });
}

function withFreshness(
  answered: Answered,
  rules: StoreRules,
  kept: Pick<AnswerMeta, 'fields' | 'varyNames' | 'varyKey'>,
): AnswerMeta | Refusal {
  const { response, status, respondedAtMs } = answered;
  const against = againstGuess(answered, rules);
  const fresh = freshnessOf({ status, fields: response, respondedAtMs }, against === null, rules);
  if (fresh === null) return against ?? 'no-lifetime';
  const [etag, lastModified] = [response.get('etag') ?? '', response.get('last-modified') ?? ''];
  // Never to be given without asking, and nothing to ask by.
  const isUseless = fresh.lifetimeMs === 0 && fresh.staleWhileAskingMs === 0 && fresh.staleOnErrorMs === 0;
  if (etag === '' && lastModified === '' && (isUseless || (fresh.flags & 1) !== 0)) return against ?? 'no-lifetime';
  return {
    url: answered.url,
    host: answered.host,
    route: answered.route,
    status,
    fields: kept.fields,
    varyNames: kept.varyNames,
    varyKey: kept.varyKey,
    tags: tagsOf(response),
    bornAtMs: bornAtMs(response, answered.requestedAtMs, respondedAtMs),
    checkedAtMs: respondedAtMs,
    lifetimeMs: fresh.lifetimeMs,
    staleWhileAskingMs: fresh.staleWhileAskingMs,
    staleOnErrorMs: fresh.staleOnErrorMs,
    flags: fresh.flags,
    etag,
    lastModified,
  };
}

function refusalOf(
  { method, status, request, response, url }: Answered,
  said: Directives,
  rules: StoreRules,
): Refusal | null {
  if (method !== 'GET' && !(method === 'POST' && isForGet(url, status, said, response))) return 'method';
  if (status === 206) return 'partial';
  if (status < 200 || NEVER.has(status)) return 'status';
  if (rules.setCookie === 'refuse' && response.get('set-cookie') !== undefined) return 'set-cookie';
  return forbidden(status, request, said);
}

function forbidden(status: number, request: FieldReader, said: Directives): Refusal | null {
  if (said.mustUnderstand && !UNDERSTOOD.has(status)) return 'must-understand';
  if (said.noStore && !said.mustUnderstand) return 'no-store';
  if (parseCacheControl(request.getAll('cache-control')).noStore) return 'no-store';
  if (said.isPrivate) return 'private';
  return request.get('authorization') !== undefined && !mayBeShared(said) ? 'authorization' : null;
}

/** An answer to POST is one to GET when it says so, and for how long (RFC 9110, 9.3.3). */
function isForGet(url: string, status: number, said: Directives, response: FieldReader): boolean {
  const location = response.get('content-location');
  if (location === undefined || status !== 200) return false;
  if (said.maxAge === null && said.sMaxAge === null && response.get('expires') === undefined) return false;
  return URL.parse(location, url)?.href === URL.parse(url)?.href;
}

function mayBeShared(said: Directives): boolean {
  return said.isPublic || said.mustRevalidate || said.sMaxAge !== null;
}

/** Why no lifetime may be guessed; null: it may. */
function againstGuess({ request, response, method }: Answered, rules: StoreRules): Refusal | null {
  if (method !== 'GET') return 'method';
  if (response.get('set-cookie') !== undefined && rules.setCookie !== 'strip') return 'set-cookie';
  if (request.get('cookie') !== undefined && !dependsOnCookies(response)) return 'cookie';
  return null;
}

function dependsOnCookies(response: FieldReader): boolean {
  return (varyNames(response.getAll('vary')) ?? []).includes('cookie');
}

/** Without those of the connection, those that Connection names, and those that may not be given without asking. */
export function fieldsToKeep(
  response: FieldReader,
  said: Directives,
  rules: Pick<StoreRules, 'setCookie'>,
): readonly FieldLine[] {
  const dropped = droppedToo(response, said, rules);
  return response.entries().filter(([name]) => {
    if (dropped.size === 0 && !DROPPED_LENGTHS.has(name.length)) return true;
    const lower = name.toLowerCase();
    return !DROPPED.has(lower) && !dropped.has(lower);
  });
}

function droppedToo(
  response: FieldReader,
  said: Directives,
  rules: Pick<StoreRules, 'setCookie'>,
): ReadonlySet<string> {
  const connection = response.getAll('connection');
  const saysMore = connection.length > 0 || said.noCacheFields.length > 0 || said.privateFields.length > 0;
  if (!saysMore && rules.setCookie !== 'strip') return NO_NAMES;
  const dropped = new Set([...said.noCacheFields, ...said.privateFields]);
  for (const part of splitList(connection.join(','))) dropped.add(trim(part).toLowerCase());
  if (rules.setCookie === 'strip') dropped.add('set-cookie');
  return dropped;
}

/** Surrogate-Key is written with spaces, Cache-Tag with commas. */
export function tagsOf(response: FieldReader): readonly string[] {
  if (TAG_FIELDS.every((name) => response.get(name) === undefined)) return NO_TAGS;
  const tags = new Set<string>();
  for (const name of TAG_FIELDS) {
    for (const tag of response
      .getAll(name)
      .join(',')
      .split(/[ \t,]+/))
      if (tag !== '') tags.add(tag);
  }
  return [...tags].slice(0, MAX_TAGS);
}
