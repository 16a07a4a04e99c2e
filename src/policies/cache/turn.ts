// One request on its way through the cache, from the look at what is kept until its answer is over. Rule: it holds what was decided, and
// whoever decides next goes by it; nothing of it outlives its exchange.
import type { Refusal } from '../../services/cache/rules/storable.ts';
import type { Forwarded } from '../../services/cache/rules/cache-status.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';
import type { Wishes } from '../../services/cache/rules/reuse.ts';
import type { Filling } from '../../services/cache/store/filling.ts';
import type { Flight } from '../../services/cache/store/flights.ts';
import type { Kept } from './kept-answer.ts';
import type { Waiting } from './waiting.ts';

/** What is asked for, and where answers to it are kept. */
export interface Place {
  readonly url: string;
  readonly key: string;
}

/** What a turn begins with. */
export interface Beginning extends Place {
  readonly wishes: Wishes;
  readonly has: number;
}

export interface Turn {
  /** `safe`: may be answered from what is kept. `unsafe`: may change what is kept. `bypass`: has nothing to do with it. */
  readonly kind: 'safe' | 'unsafe' | 'bypass';
  readonly url: string;
  readonly key: string;
  readonly wishes: Wishes;
  /** As the client sent it, though we ask by other conditions and others change it behind us. */
  asked: FieldReader;
  readonly hasCookie: boolean;
  readonly hasAuthorization: boolean;
  readonly wantsBody: boolean;
  fwd: Forwarded;
  requestedAtMs: number;
  /** Of the purges, when the origin was asked: what was purged since then is not kept. */
  since: number;
  /** What may be given if the origin says so, or fails. */
  kept: Kept | null;
  /** The origin is asked whether that is still good. */
  asksByIt: boolean;
  flight: Flight | null;
  flightKey: string;
  waiting: Waiting | null;
  filling: Filling | null;
  /** What its own client gets of that, in another encoding; null: the same. */
  copy: Filling | null;
  refusal: Refusal | null;
  isOver: boolean;
}
