// Whether a stored answer will do for a request (RFC 9111, 4.2 and 5.2.1). Rule: a client may ask for less than is allowed and, with
// max-stale, for more; never for more than the origin allows.
import { ageMs, answerFlags, isFresh, type AnswerMeta } from '../answer-meta.ts';
import { parseCacheControl, type Directives } from './cache-control.ts';
import type { FieldReader } from './field-reader.ts';

/** What a client says of the answer that it wants. */
export interface Wishes {
  readonly noStore: boolean;
  /** Ask the origin in any case. */
  readonly noCache: boolean;
  /** Do not ask the origin in any case. */
  readonly onlyIfCached: boolean;
  /** Milliseconds; Infinity: any age. */
  readonly maxAgeMs: number;
  readonly minFreshMs: number;
  /** 0: nothing that is stale. */
  readonly maxStaleMs: number;
}

export const NO_WISHES: Wishes = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAgeMs: Infinity,
  minFreshMs: 0,
  maxStaleMs: 0,
};

/** `stale`: may be given as it is. `ask-later`: may be given, and is to be asked for meanwhile. `ask`: only when the origin says that it is good. */
export type Verdict = 'fresh' | 'stale' | 'ask-later' | 'ask';

export function wishesOf(request: FieldReader): Wishes {
  const lines = request.getAll('cache-control');
  const pragma = request.getAll('pragma');
  if (lines.length === 0 && pragma.length === 0) return NO_WISHES;
  return wishesBy(parseCacheControl(lines), pragma);
}

function wishesBy(said: Directives, pragma: readonly string[]): Wishes {
  // Pragma is for those who do not know Cache-Control (RFC 9111, 5.4).
  const byPragma = !said.said && /(^|,)[ \t]*no-cache[ \t]*($|,)/i.test(pragma.join(','));
  return {
    noStore: said.noStore,
    noCache: said.noCache || byPragma,
    onlyIfCached: said.onlyIfCached,
    maxAgeMs: said.maxAge === null ? Infinity : said.maxAge * 1000,
    minFreshMs: (said.minFresh ?? 0) * 1000,
    maxStaleMs: (said.maxStale ?? 0) * 1000,
  };
}

export function judge(meta: AnswerMeta, wishes: Wishes, nowMs: number): Verdict {
  const age = ageMs(meta, nowMs);
  if (wishes.noCache || (meta.flags & answerFlags.alwaysAsk) !== 0) return 'ask';
  const staleMs = age - meta.lifetimeMs;
  if (isFresh(meta, nowMs)) {
    if (wishes === NO_WISHES) return 'fresh';
    return age <= wishes.maxAgeMs && (wishes.minFreshMs === 0 || -staleMs >= wishes.minFreshMs) ? 'fresh' : 'ask';
  }
  return judgeStale(meta, wishes, age, Math.max(0, staleMs));
}

function judgeStale(meta: AnswerMeta, wishes: Wishes, age: number, staleMs: number): Verdict {
  // Who names an age or wants it fresh for a while does not want it stale, unless it says so as well.
  const namesAge = wishes.maxAgeMs !== Infinity || wishes.minFreshMs > 0;
  const isPurged = (meta.flags & answerFlags.purged) !== 0;
  const mayBeStale = (meta.flags & answerFlags.neverStale) === 0 && !isPurged;
  if (mayBeStale && staleMs <= wishes.maxStaleMs && wishes.maxStaleMs > 0 && isYoungEnough(wishes, age)) return 'stale';
  if (namesAge) return 'ask';
  return staleMs < meta.staleWhileAskingMs ? 'ask-later' : 'ask';
}

/** max-stale stretches max-age; min-fresh cannot be met by what is stale. */
function isYoungEnough(wishes: Wishes, age: number): boolean {
  return age <= wishes.maxAgeMs + wishes.maxStaleMs && wishes.minFreshMs === 0;
}

/** Whether it may be given because the origin fails: nobody answers, or what comes is one of these failures. */
export function mayServeOnError(meta: AnswerMeta, nowMs: number): boolean {
  if ((meta.flags & answerFlags.alwaysAsk) !== 0) return false;
  return ageMs(meta, nowMs) - meta.lifetimeMs < meta.staleOnErrorMs;
}

/** RFC 5861, 4. */
export function isFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}
