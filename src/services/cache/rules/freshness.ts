// How long an answer is fresh and how old it came (RFC 9111, 4.2). Rule: what the answer says goes before what the configuration says, and
// what it says badly is no time at all; a guess is made only for answers that anybody may have.
import { answerFlags } from '../answer-meta.ts';
import { FOREVER_S, parseCacheControl, trim, type Directives } from './cache-control.ts';
import type { FieldReader } from './field-reader.ts';
import { parseHttpDate } from './http-date.ts';
import { parseTargetedControl } from './targeted-control.ts';

/** What the configuration says of answers that say nothing themselves. */
export interface FreshnessDefaults {
  readonly defaultTtlMs: number;
  /** By status, before `defaultTtlMs` and also for statuses that otherwise nobody would keep. */
  readonly statusTtlMs: ReadonlyMap<number, number>;
  /** A share of the time since `Last-Modified`, up to a bound; null: no guesses by that. */
  readonly heuristic: { readonly share: number; readonly maxMs: number } | null;
  readonly staleWhileAskingMs: number;
  readonly staleOnErrorMs: number;
}

export interface Said {
  readonly directives: Directives;
  /** By a field that is meant for caches such as this one. */
  readonly isTargeted: boolean;
}

export interface Freshness {
  readonly lifetimeMs: number;
  readonly staleWhileAskingMs: number;
  readonly staleOnErrorMs: number;
  readonly flags: number;
}

/** Of which the protocol says that a lifetime may be guessed (RFC 9110, 15.1). 206 is never kept. */
const GUESSABLE = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** What holds for these is a failure sooner or later mended: they are kept for as long as is said for them, and not by default. */
const KEPT_BY_DEFAULT = new Set([200, 203, 204, 300, 301, 308]);
const DIGITS = /^\d+$/;

export function saidBy(response: FieldReader): Said {
  const targeted = parseTargetedControl(response.getAll('cdn-cache-control'));
  if (targeted !== null) return { directives: targeted, isTargeted: true };
  return { directives: parseCacheControl(response.getAll('cache-control')), isTargeted: false };
}

/** Milliseconds; null: the answer does not say. */
function saidLifetimeMs(said: Said, response: FieldReader, respondedAtMs: number): number | null {
  const seconds = said.directives.sMaxAge ?? said.directives.maxAge;
  if (seconds !== null) return seconds * 1000;
  if (said.isTargeted) return null;
  const expires = response.getAll('expires');
  if (expires.length === 0) return null;
  const at = expires.every((value) => value === expires[0]) ? parseHttpDate(expires[0] ?? '', respondedAtMs) : null;
  return at === null
    ? 0
    : Math.max(0, Math.min(at - (dateOf(response, respondedAtMs) ?? respondedAtMs), FOREVER_S * 1000));
}

/** When its age was zero. The time that the request took counts towards it, as nobody knows when in that time it was made. */
export function bornAtMs(response: FieldReader, requestedAtMs: number, respondedAtMs: number): number {
  const date = dateOf(response, respondedAtMs);
  const apparent = date === null ? 0 : Math.max(0, respondedAtMs - date);
  const told = ageOf(response) * 1000;
  const corrected = told + Math.max(0, respondedAtMs - requestedAtMs);
  // Dates and ages count whole seconds: less than one says nothing.
  const age = Math.max(told === 0 && corrected < 1000 ? 0 : corrected, apparent < 1000 ? 0 : apparent);
  return respondedAtMs - age;
}

export function freshnessOf(
  response: { readonly status: number; readonly fields: FieldReader; readonly respondedAtMs: number },
  mayGuess: boolean,
  defaults: FreshnessDefaults,
): Freshness | null {
  const said = saidBy(response.fields);
  const saidMs = saidLifetimeMs(said, response.fields, response.respondedAtMs);
  const guess = mayGuess && saidMs === null ? guessMs(response, said, defaults) : null;
  if (saidMs === null && guess === null && !GUESSABLE.has(response.status) && !said.directives.isPublic) return null;
  const guessed = saidMs === null ? answerFlags.guessed : 0;
  return { lifetimeMs: saidMs ?? guess ?? 0, ...staleness(said.directives, guessed, defaults) };
}

function guessMs(
  {
    status,
    fields,
    respondedAtMs,
  }: { readonly status: number; readonly fields: FieldReader; readonly respondedAtMs: number },
  { directives }: Said,
  defaults: FreshnessDefaults,
): number | null {
  // What HTTP/1.0 has for no-cache; it means nothing beside Cache-Control.
  if (!directives.said && /(^|,)[ \t]*no-cache[ \t]*($|,)/i.test(fields.getAll('pragma').join(','))) return null;
  const bySettings = defaults.statusTtlMs.get(status);
  if (bySettings !== undefined) return bySettings;
  if (!GUESSABLE.has(status) && !directives.isPublic) return null;
  const modified = defaults.heuristic === null ? null : parseHttpDate(fields.get('last-modified') ?? '', respondedAtMs);
  if (defaults.heuristic !== null && modified !== null) {
    const since = (dateOf(fields, respondedAtMs) ?? respondedAtMs) - modified;
    return Math.max(0, Math.min(since * defaults.heuristic.share, defaults.heuristic.maxMs));
  }
  return KEPT_BY_DEFAULT.has(status) || directives.isPublic ? defaults.defaultTtlMs : null;
}

/**
 * `must-revalidate` and `proxy-revalidate` forbid whatever is stale. `s-maxage` forbids it as well (RFC 9111, 5.2.2.10), but for what
 * the same answer allows in so many words.
 */
function staleness(said: Directives, guessed: number, defaults: FreshnessDefaults): Omit<Freshness, 'lifetimeMs'> {
  const isForbidden = said.mustRevalidate || said.proxyRevalidate || said.noCache;
  const neverStale = isForbidden || said.sMaxAge !== null;
  const flags = guessed | (said.noCache ? answerFlags.alwaysAsk : 0) | (neverStale ? answerFlags.neverStale : 0);
  const window = (seconds: number | null, byDefaultMs: number): number => {
    if (isForbidden) return 0;
    return seconds === null ? (neverStale ? 0 : byDefaultMs) : seconds * 1000;
  };
  return {
    flags,
    staleWhileAskingMs: window(said.staleWhileRevalidate, defaults.staleWhileAskingMs),
    staleOnErrorMs: window(said.staleIfError, defaults.staleOnErrorMs),
  };
}

/** null: none, or none that counts. */
export function dateOf(response: FieldReader, nowMs: number): number | null {
  const dates = response.getAll('date');
  return dates.length === 0 ? null : parseHttpDate(dates[0] ?? '', nowMs);
}

/** Seconds: of several the first, and of one that is no number nothing. */
function ageOf(response: FieldReader): number {
  const [first = ''] = (response.getAll('age')[0] ?? '').split(',');
  const age = trim(first);
  return DIGITS.test(age) ? Math.min(Number(age), FOREVER_S) : 0;
}
