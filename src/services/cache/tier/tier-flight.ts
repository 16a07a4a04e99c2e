// A fetch for all who want the same, on all nodes: what it brings is written to the second tier, and whoever waits there is told how it has
// ended. Rule: it changes nothing of the flight itself.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import type { CacheStore } from '../store/cache-store.ts';
import type { Filling, FillOptions } from '../store/filling.ts';
import type { Flight } from '../store/flights.ts';
import type { StoredAnswer } from '../store/stored-answer.ts';
import { type CacheTier, MOST_TIER_BYTES } from './cache-tier.ts';
import type { TierAnswer } from './tier-entry.ts';

/** The flight as it is where nothing is shared. */
export function forAllNodes(flight: Flight, { tier, store }: { tier: CacheTier | null; store: CacheStore }): Flight {
  return tier === null ? flight : new TierFlight(flight, tier, store);
}

export class TierFlight implements Flight {
  private readonly flight: Flight;
  readonly tier: CacheTier;
  private readonly store: CacheStore;

  constructor(flight: Flight, tier: CacheTier, store: CacheStore) {
    this.flight = flight;
    this.tier = tier;
    this.store = store;
  }

  get key(): string {
    return this.flight.key;
  }

  get waiting(): number {
    return this.flight.waiting;
  }

  fill(key: string, meta: AnswerMeta, bodyLength: number, more?: FillOptions): Filling {
    const filling = this.flight.fill(key, meta, bodyLength, more);
    const tell = filling.onOver;
    filling.onOver = () => {
      tell?.();
      this.over(filling);
    };
    return filling;
  }

  /** What the tier had is here from now on; it is not written back. */
  take(key: string, { meta, body, trailers }: TierAnswer): void {
    const filling = this.flight.fill(key, meta, body.length);
    filling.write(body);
    filling.end(trailers);
  }

  release(): void {
    this.flight.release();
    this.settle(false);
  }

  uncacheable(forMs: number): void {
    this.flight.uncacheable(forMs);
    this.settle(true);
  }

  failed(): void {
    this.flight.failed();
    this.settle(false);
  }

  private settle(isAlone: boolean): void {
    this.tier.settle(this.flight.key, isAlone);
  }

  private over(filling: Filling): void {
    if (filling.status !== 'whole' || !filling.isKept || filling.written > MOST_TIER_BYTES) {
      this.settle(filling.status === 'whole');
      return;
    }
    const { varyKey } = filling.meta;
    const stored = this.store.find(filling.key).find(({ meta }) => meta.varyKey === varyKey);
    if (stored === undefined) this.settle(true);
    else bodyOf(this.store, stored, (body) => this.send(stored, filling.trailers, body));
  }

  private send({ key, meta }: StoredAnswer, trailers: readonly FieldLine[], body: Uint8Array | null): void {
    if (body !== null) this.tier.keep(key, { meta, trailers, body });
    this.settle(body === null);
  }
}

function bodyOf(store: CacheStore, stored: StoredAnswer, tell: (body: Uint8Array | null) => void): void {
  if (stored.hasBody) {
    tell(stored.ready.subarray(stored.bodyFrom));
    return;
  }
  const parts: Buffer[] = [];
  const reading = store.open(stored, {
    take: (bytes, from, to) => {
      parts.push(Buffer.from(bytes.subarray(from, to)));
      return true;
    },
    end: () => tell(Buffer.concat(parts)),
    failed: () => tell(null),
  });
  if (reading === null) tell(null);
}
