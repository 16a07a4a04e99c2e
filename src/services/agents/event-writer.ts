// Stores what all runs print, together, some of it in each turn of the event loop. Rule: what is stored is told in the order in which it
// came, and nothing is told before it is stored; while much waits, or the file cannot be written, those who print have to wait.
import type { AgentEvents, AgentRunRow, NewAgentEvent, PlacedAgentEvent } from '../../state/agent-events.ts';

const RETRY_MS = 1_000;
/** What is stored in one turn, so that everything else gets its turn too. */
const MOST_AT_ONCE = 512;
/** When so much waits, nobody is to print more. */
const FULL = 2048;

export interface WriterEars {
  /** Of one run, in order. */
  stored(run: string, events: readonly PlacedAgentEvent[]): void;
  /** Nothing can be stored for now, or can be again. */
  troubled(error: unknown): void;
  recovered(): void;
  /** So much waits that nobody is to print more, or there is room again. */
  filled(): void;
  drained(): void;
}

export class EventWriter {
  readonly #file: Pick<AgentEvents, 'add'>;
  readonly #ears: WriterEars;
  #waiting: NewAgentEvent[] = [];
  /** As they are with the events that wait. */
  #rows = new Map<string, AgentRunRow>();
  #soon: NodeJS.Immediate | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isTroubled = false;
  #isFilled = false;

  constructor(file: Pick<AgentEvents, 'add'>, ears: WriterEars) {
    this.#file = file;
    this.#ears = ears;
  }

  /** Whoever prints has to wait. */
  get isFull(): boolean {
    return this.#isTroubled || this.#isFilled;
  }

  put(event: NewAgentEvent): void {
    this.#waiting.push(event);
    if (!this.#isFilled && this.#waiting.length >= FULL) {
      this.#isFilled = true;
      this.#ears.filled();
    }
    this.#later();
  }

  /** Together with the events that have come before. */
  save(row: AgentRunRow): void {
    this.#rows.set(row.id, row);
    this.#later();
  }

  /** Stores all that waits. False: it could not be stored, and waits on. */
  flush(): boolean {
    return this.#store(Number.MAX_SAFE_INTEGER);
  }

  #store(atMost: number): boolean {
    this.#stopWaiting();
    if (this.#waiting.length === 0 && this.#rows.size === 0) return true;
    const some = this.#waiting.slice(0, atMost);
    const isAll = some.length === this.#waiting.length;
    let sequences: readonly number[];
    try {
      // As runs are now, they are with the last of their events.
      sequences = this.#file.add(some, isAll ? [...this.#rows.values()] : []);
    } catch (error) {
      this.#failed(error);
      return false;
    }
    this.#waiting = isAll ? [] : this.#waiting.slice(some.length);
    if (isAll) this.#rows.clear();
    if (this.#isTroubled) this.#ears.recovered();
    this.#isTroubled = false;
    if (!isAll) this.#later();
    this.#tell(some.map((event, index) => ({ ...event, sequence: sequences[index] ?? 0 })));
    if (this.#isFilled && this.#waiting.length === 0) {
      this.#isFilled = false;
      this.#ears.drained();
    }
    return true;
  }

  #failed(error: unknown): void {
    if (!this.#isTroubled) this.#ears.troubled(error);
    this.#isTroubled = true;
    this.#retry = setTimeout(() => this.flush(), RETRY_MS);
  }

  /** What cannot be stored at once is lost. */
  close(): void {
    this.flush();
    this.#stopWaiting();
  }

  #later(): void {
    if (this.#soon === null && this.#retry === null) this.#soon = setImmediate(() => this.#store(MOST_AT_ONCE));
  }

  #stopWaiting(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#soon = null;
    this.#retry = null;
  }

  #tell(stored: readonly PlacedAgentEvent[]): void {
    for (const [run, events] of Map.groupBy(stored, (event) => event.run)) this.#ears.stored(run, events);
  }
}
