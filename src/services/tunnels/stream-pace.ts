// How much of its answers a client may be ahead of its visitors. In the dialect of 3.x nothing can hold back one stream alone, only the
// whole connection. Rule: a stream that runs alone holds the connection back for as long as its visitor takes; beside others it may do
// so for a moment only, and is given up when that is not enough, for they must not wait for a visitor who reads slowly.
import { Deadline, wheel } from '../../transport/timers.ts';

/** Held back from so many bytes on that are kept, until no more than so many are left. */
interface Marks {
  readonly hold: number;
  readonly release: number;
}

const KIB = 1024;
const ALONE: Marks = { hold: 1024 * KIB, release: 512 * KIB };
const BESIDE_OTHERS: Marks = { hold: 4096 * KIB, release: 3840 * KIB };
/** What others may have to wait for the slowest. */
const PATIENCE_MS = 500;

export interface Paced {
  readonly mode: string;
  readonly keptBytes: number;
}

export interface Brake {
  pause(): void;
  resume(): void;
}

export class StreamPace<S extends Paced> {
  readonly #brake: Brake;
  readonly #giveUp: (slowest: S) => void;
  /** Those whose visitors wait for an answer; a WebSocket may be silent for hours. */
  readonly #waiting = new Set<S>();
  /** Those of which something is kept. */
  readonly #keeping = new Set<S>();
  readonly #patience = new Deadline(() => this.#expired());
  #keptBytes = 0;
  #held = false;

  /** `giveUp` ends the stream, which keeps nothing any more then. */
  constructor(brake: Brake, giveUp: (slowest: S) => void) {
    this.#brake = brake;
    this.#giveUp = giveUp;
  }

  opened(stream: S): void {
    if (stream.mode === 'http') this.#waiting.add(stream);
    this.#judge();
  }

  left(stream: S): void {
    this.#waiting.delete(stream);
    this.#judge();
  }

  changed(stream: S, change: number): void {
    this.#keptBytes += change;
    if (stream.keptBytes > 0) this.#keeping.add(stream);
    else this.#keeping.delete(stream);
    this.#judge();
  }

  close(): void {
    wheel.release(this.#patience);
  }

  #judge(): void {
    const { hold, release } = this.#isAlone() ? ALONE : BESIDE_OTHERS;
    if (!this.#held && this.#keptBytes > hold) this.#hold();
    else if (this.#held && this.#keptBytes <= release) this.#release();
    if (this.#held && !this.#isAlone() && !this.#patience.armed) wheel.arm(this.#patience, PATIENCE_MS);
  }

  /** Whoever waits for an answer is the one that is slow. */
  #isAlone(): boolean {
    const [first] = this.#waiting;
    return first === undefined || (this.#waiting.size === 1 && (this.#keeping.size === 0 || this.#keeping.has(first)));
  }

  #hold(): void {
    this.#held = true;
    this.#brake.pause();
  }

  #release(): void {
    this.#held = false;
    wheel.disarm(this.#patience);
    this.#brake.resume();
  }

  #expired(): void {
    if (!this.#held || this.#isAlone()) return;
    let slowest: S | null = null;
    for (const stream of this.#keeping) if (slowest === null || stream.keptBytes > slowest.keptBytes) slowest = stream;
    if (slowest !== null) this.#giveUp(slowest);
    this.#judge();
  }
}
