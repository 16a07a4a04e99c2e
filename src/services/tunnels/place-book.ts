// Where names of tunnels are, as this node has heard last. Rule: there is room for a fixed number of names, for they come from outside; news that is
// older than what is known changes nothing.
import type { TunnelPlace } from './tunnel-directory.ts';

interface Known {
  readonly place: TunnelPlace | null;
  readonly fence: number;
  untilMs: number;
}

/** What is published is heard at once; so long what was not heard may go unseen. */
const PLACE_MS = 30_000;
const NOWHERE_MS = 2_000;
const MOST_NAMES = 100_000;

export class PlaceBook {
  readonly #names = new Map<string, Known>();
  readonly #now: () => number;
  readonly #most: number;

  constructor(now: () => number, most: number = MOST_NAMES) {
    this.#now = now;
    this.#most = most;
  }

  /** undefined: it has to be asked for. */
  find(name: string): TunnelPlace | null | undefined {
    const known = this.#names.get(name);
    return known === undefined || known.untilMs <= this.#now() ? undefined : known.place;
  }

  /** Also what may be out of date. */
  last(name: string): TunnelPlace | null {
    return this.#names.get(name)?.place ?? null;
  }

  /** `fence`: of the lease that this is news of. */
  put(name: string, place: TunnelPlace | null, fence: number): void {
    const known = this.#names.get(name);
    if (known !== undefined && known.fence > fence) return;
    this.#names.delete(name);
    this.#makeRoom();
    this.#names.set(name, { place, fence, untilMs: this.#now() + (place === null ? NOWHERE_MS : PLACE_MS) });
  }

  doubt({ name, fence }: TunnelPlace): void {
    const known = this.#names.get(name);
    if (known?.fence === fence) known.untilMs = 0;
  }

  /** Something may have been said that was not heard. */
  doubtAll(): void {
    for (const known of this.#names.values()) known.untilMs = 0;
  }

  get size(): number {
    return this.#names.size;
  }

  #makeRoom(): void {
    if (this.#names.size < this.#most) return;
    const { value: oldest } = this.#names.keys().next();
    if (oldest !== undefined) this.#names.delete(oldest);
  }
}
