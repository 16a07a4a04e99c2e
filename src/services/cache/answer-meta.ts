// What the cache knows of a stored answer beside its body. Rule: plain values that survive JSON, so that a disk, another thread and
// another node can keep it; all times are of the wall clock, in milliseconds, since they outlive a process.

/** A field as it is written: the name in the spelling of the origin. */
export type FieldLine = readonly [name: string, value: string];

/** Bits of `flags`. */
export const answerFlags = {
  /** Never without asking the origin again: `no-cache`. */
  alwaysAsk: 1,
  /** Never stale: `must-revalidate`, `proxy-revalidate`, `s-maxage`. */
  neverStale: 2,
  /** The lifetime is a guess, or what the configuration says: the answer itself says nothing. */
  guessed: 4,
  /** Was purged softly: counts as stale from then on. */
  purged: 8,
} as const;

export interface AnswerMeta {
  /** Scheme, authority, path and query that were asked for; what purges by URL, prefix and host go by. */
  readonly url: string;
  /** In lower case, without the port. */
  readonly host: string;
  readonly route: string;
  readonly status: number;
  /** What is to be repeated: no fields of the connection, no Age, no fields that must not be kept. */
  readonly fields: readonly FieldLine[];
  /** The names of `Vary` in lower case, sorted, each once. */
  readonly varyNames: readonly string[];
  /** What the request said in these fields, normalised: equal keys, the same variant. Empty without `Vary`. */
  readonly varyKey: string;
  /** What to purge it by: `Surrogate-Key` and `Cache-Tag`. */
  readonly tags: readonly string[];
  /** When its age was zero: its arrival, less the age that it had then. */
  readonly bornAtMs: number;
  /** When it was stored, or last found to be good. */
  readonly checkedAtMs: number;
  /** How old it may become and be fresh. */
  readonly lifetimeMs: number;
  /** How long past that it may be given while it is fetched anew; 0: not at all. */
  readonly staleWhileAskingMs: number;
  /** How long past that it may be given when the origin fails; 0: not at all. */
  readonly staleOnErrorMs: number;
  /** See `answerFlags`. */
  readonly flags: number;
  /** As the fields say it, or empty. */
  readonly etag: string;
  readonly lastModified: string;
}

export function ageMs(meta: AnswerMeta, nowMs: number): number {
  return Math.max(0, nowMs - meta.bornAtMs);
}

/** Whether the origin need not be asked, as far as time goes. */
export function isFresh(meta: AnswerMeta, nowMs: number): boolean {
  return (meta.flags & answerFlags.purged) === 0 && ageMs(meta, nowMs) < meta.lifetimeMs;
}

/** From when on nobody can have any use for it, but as something to ask the origin about. */
export function uselessAtMs(meta: AnswerMeta): number {
  return meta.bornAtMs + meta.lifetimeMs + Math.max(meta.staleWhileAskingMs, meta.staleOnErrorMs);
}
