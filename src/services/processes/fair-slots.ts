// How many may run at once, and whose turn it is next. Rule: the users who wait take turns, whoever came first among them; one who
// asks for much keeps none of the others waiting for longer than one turn.
import { SluiceError } from '../../core/errors.ts';

export interface SlotLimits {
  /** How many run at once. */
  readonly running: number;
  /** How many wait, of all users together. */
  readonly waiting: number;
}

/** Leaving it twice is leaving it once. */
export interface Place {
  /** In the line, from 1 on; 0: it has its turn. */
  readonly position: number;
  /** It waits no more, or runs no more. */
  leave(): void;
}

interface Waiting extends Place {
  readonly user: string;
  readonly turn: () => void;
  state: 'waiting' | 'running' | 'gone';
  since: number;
}

/** What the last run took counts for so much of what the next one is expected to take. */
const WEIGHT = 0.2;
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export class FairSlots {
  #limits: SlotLimits;
  /** In the order in which they get their next turn. */
  readonly #queues = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;
  /** How long one keeps its slot, as far as is known. */
  #usualMs = MIN_RETRY_MS;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** What has its turn already keeps it. */
  setLimits(limits: SlotLimits): void {
    this.#limits = limits;
    this.#advance();
  }

  /** Calls `turn` once, now or later; null: it would have to wait, and too many do so already. */
  enter(user: string, turn: () => void): Place | null {
    if (this.#running >= this.#limits.running && this.#waiting >= this.#limits.waiting) return null;
    const positionOf = (): number => this.#positionOf(place);
    const place: Waiting = {
      user,
      turn,
      state: 'waiting',
      since: performance.now(),
      get position() {
        return positionOf();
      },
      leave: () => this.#leave(place),
    };
    const queue = this.#queues.get(user);
    if (queue === undefined) this.#queues.set(user, [place]);
    else queue.push(place);
    this.#waiting += 1;
    this.#advance();
    return place;
  }

  /** For one that has to go away: with the time when there may be room. */
  refusal(message?: string): SluiceError {
    const turns = (this.#waiting + 1) / Math.max(1, this.#limits.running);
    const retryAfterMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, turns * this.#usualMs));
    return new SluiceError('processes_busy', { retryAfterMs, ...(message !== undefined && { message }) });
  }

  #advance(): void {
    while (this.#running < this.#limits.running) {
      const next = this.#takeNext();
      if (next === null) return;
      this.#running += 1;
      next.state = 'running';
      next.since = performance.now();
      next.turn();
    }
  }

  #takeNext(): Waiting | null {
    for (const [user, queue] of this.#queues) {
      const next = queue.shift();
      // The user goes to the end of the line.
      this.#queues.delete(user);
      if (queue.length > 0) this.#queues.set(user, queue);
      if (next === undefined) continue;
      this.#waiting -= 1;
      return next;
    }
    return null;
  }

  #leave(place: Waiting): void {
    const { state, user } = place;
    place.state = 'gone';
    if (state === 'waiting') this.#stopWaiting(place, user);
    if (state !== 'running') return;
    this.#usualMs += WEIGHT * (performance.now() - place.since - this.#usualMs);
    this.#running -= 1;
    this.#advance();
  }

  #stopWaiting(place: Waiting, user: string): void {
    const queue = this.#queues.get(user) ?? [];
    queue.splice(queue.indexOf(place), 1);
    if (queue.length === 0) this.#queues.delete(user);
    this.#waiting -= 1;
  }

  /** Counts the turns of the others, round by round. */
  #positionOf(place: Waiting): number {
    if (place.state !== 'waiting') return 0;
    const users = [...this.#queues.keys()];
    const rank = this.#queues.get(place.user)?.indexOf(place) ?? 0;
    const own = users.indexOf(place.user);
    return [...this.#queues.values()].reduce((before, queue, index) => {
      return before + Math.min(queue.length, index < own ? rank + 1 : rank);
    }, 1);
  }
}
