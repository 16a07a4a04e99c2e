// Stores what all runs print, together, once in each turn of the event loop. Rule: what is stored is told in the order in which it came, and
// nothing is told before it is stored; while the file cannot be written everything waits.
import type { AgentEvents, AgentRunRow, NewAgentEvent, PlacedAgentEvent } from '../../state/agent-events.ts';

const RETRY_MS = 1_000;

export interface WriterEars {
  /** Of one run, in order. */
  stored(run: string, events: readonly PlacedAgentEvent[]): void;
  /** Nothing can be stored for now, or can be again. */
  troubled(error: unknown): void;
  recovered(): void;
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

  constructor(file: Pick<AgentEvents, 'add'>, ears: WriterEars) {
    this.#file = file;
    this.#ears = ears;
  }

  get isTroubled(): boolean {
    return this.#isTroubled;
  }

  put(event: NewAgentEvent): void {
    this.#waiting.push(event);
    this.#later();
  }

  /** Together with the events that have come before. */
  save(row: AgentRunRow): void {
    this.#rows.set(row.id, row);
    this.#later();
  }

  /** Stores what waits. False: it could not be stored, and waits on. */
  flush(): boolean {
    this.#stopWaiting();
    if (this.#waiting.length === 0 && this.#rows.size === 0) return true;
    let sequences: readonly number[];
    try {
      sequences = this.#file.add(this.#waiting, [...this.#rows.values()]);
    } catch (error) {
      if (!this.#isTroubled) this.#ears.troubled(error);
      this.#isTroubled = true;
      this.#retry = setTimeout(() => this.flush(), RETRY_MS);
      return false;
    }
    const stored = this.#waiting.map((event, index) => ({ ...event, sequence: sequences[index] ?? 0 }));
    this.#waiting = [];
    this.#rows.clear();
    if (this.#isTroubled) this.#ears.recovered();
    this.#isTroubled = false;
    this.#tell(stored);
    return true;
  }

  /** What cannot be stored at once is lost. */
  close(): void {
    this.flush();
    this.#stopWaiting();
  }

  #later(): void {
    if (this.#soon === null && this.#retry === null) this.#soon = setImmediate(() => this.flush());
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
