// What an answer of the origin means for what is kept. Rule: it is the same whether a client has asked or we have in the background; a
// flight that was begun is ended here in every case.
import { answerFlags, type AnswerMeta, isFresh } from '../../services/cache/answer-meta.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';
import { answerToStore, type Answered, type Refusal } from '../../services/cache/rules/storable.ts';
import { headSpeaksOf, refreshed, speaksOf } from '../../services/cache/rules/update.ts';
import type { Filling } from '../../services/cache/store/filling.ts';
import type { StoredAnswer } from '../../services/cache/store/stored-answer.ts';
import type { CacheOptions } from './cache-options.ts';
import type { Turn } from './turn.ts';

/** How long nobody waits for answers of a key whose last one could not be shared. */
const ALONE_MS = 10_000;

/** Of an answer that takes the place of the one that was kept, though it is not kept itself. */
const REPLACES: ReadonlySet<Refusal> = new Set(['no-store', 'private', 'vary', 'set-cookie', 'must-understand']);

export interface OriginAnswer {
  readonly status: number;
  readonly response: FieldReader;
  readonly nowMs: number;
}

type Settings = Pick<CacheOptions, 'store' | 'rules' | 'maxObjectBytes'>;

/** 304 has come: what is kept is as good as new. */
export function takeNotModified(
  stored: StoredAnswer,
  turn: Turn,
  { response, nowMs }: OriginAnswer,
  { store, rules }: Settings,
): AnswerMeta {
  const by = { request: turn.asked, response, requestedAtMs: turn.requestedAtMs, respondedAtMs: nowMs };
  const { meta, isKept } = refreshed(stored.meta, by, rules);
  const isReplaced = isKept && speaksOf(stored.meta, response) && store.replace(stored, meta, turn.since);
  if (!isReplaced) store.drop(stored);
  endFlight(turn, isReplaced && isShareable(meta, nowMs));
  return meta;
}

/** HEAD was answered: what is kept of GET is brought up to date, or has been replaced behind our back. */
export function takeHead(
  stored: StoredAnswer,
  turn: Turn,
  { status, response, nowMs }: OriginAnswer,
  { store, rules }: Settings,
): void {
  if (!headSpeaksOf(stored.meta, status, response)) {
    if (status < 500 && status !== 304) store.drop(stored);
    return;
  }
  const by = { request: turn.asked, response, requestedAtMs: turn.requestedAtMs, respondedAtMs: nowMs };
  const { meta, isKept } = refreshed(stored.meta, by, rules);
  if (isKept) store.replace(stored, meta, turn.since);
  else store.drop(stored);
}

/** Any other answer: it is kept, or the reason why not stands in the turn. */
export function beginFilling(answered: Answered, turn: Turn, bodyLength: number, settings: Settings): Filling | null {
  const { store, rules, maxObjectBytes } = settings;
  const meta = answerToStore(answered, rules);
  const { flight, kept } = turn;
  if (typeof meta === 'string') {
    turn.refusal = meta;
    // What was kept has been replaced by something that must not be.
    if (kept !== null && REPLACES.has(meta)) store.drop(kept.stored);
    endFlight(turn, false);
    return null;
  }
  const more = { mostBytes: maxObjectBytes, since: turn.since };
  if (flight === null) return store.fill(turn.key, meta, bodyLength, more);
  turn.flight = null;
  if (isShareable(meta, answered.respondedAtMs)) return flight.fill(turn.key, meta, bodyLength, more);
  flight.uncacheable(ALONE_MS);
  return store.fill(turn.key, meta, bodyLength, more);
}

/** Whether who has waited may have it without asking. */
function isShareable(meta: AnswerMeta, nowMs: number): boolean {
  return isFresh(meta, nowMs) && (meta.flags & answerFlags.alwaysAsk) === 0;
}

/** `isThere`: what was wanted is in the store. */
function endFlight(turn: Turn, isThere: boolean): void {
  const { flight } = turn;
  turn.flight = null;
  if (isThere) flight?.release();
  else flight?.uncacheable(ALONE_MS);
}
