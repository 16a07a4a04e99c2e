// What one run has printed and prints, as it comes. Rule: it is bounded, however much an agent prints; the page is told at most once in a while, and
// the stream is left when the run has ended.
import { signal, type ReadonlySignal } from '@preact/signals';
import type { AgentAnswer } from '../../../src/control/admin-answers.ts';
import { EventStream, type StreamState } from '../state/event-stream.ts';
import { outputLine, type OutputLine } from './output-line.ts';

const MOST_KEPT = 1000;
const TOLD_EVERY_MS = 150;

export interface Output {
  readonly lines: readonly OutputLine[];
  /** Earlier ones, which are not kept here. */
  readonly dropped: number;
}

export class RunOutput {
  readonly #state = signal<Output>({ lines: [], dropped: 0 });
  readonly #ended = signal<AgentAnswer | null>(null);
  readonly #stream: EventStream;
  #fresh: OutputLine[] = [];
  #timer = 0;

  constructor(id: string) {
    this.#stream = new EventStream({
      path: `/api/v1/agents/${encodeURIComponent(id)}/events`,
      take: ({ type, data, id: number }) => {
        if (type === 'complete') this.#end(JSON.parse(data) as AgentAnswer);
        else this.#take(outputLine(Number(number), data));
      },
    });
  }

  get state(): ReadonlySignal<Output> {
    return this.#state;
  }

  /** The run as it was when it ended; null: it goes on. */
  get ended(): ReadonlySignal<AgentAnswer | null> {
    return this.#ended;
  }

  get connection(): ReadonlySignal<StreamState> {
    return this.#stream.state;
  }

  leave(): void {
    this.#stream.leave();
    clearTimeout(this.#timer);
  }

  #end(run: AgentAnswer): void {
    this.leave();
    this.#tell();
    this.#ended.value = run;
  }

  #take(line: OutputLine): void {
    this.#fresh.push(line);
    // However fast it comes: beyond what is kept, older ones of these are nothing to show either.
    if (this.#fresh.length > 2 * MOST_KEPT) this.#tell();
    if (this.#timer === 0) this.#timer = window.setTimeout(() => this.#tell(), TOLD_EVERY_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#fresh.length === 0) return;
    const { lines, dropped } = this.#state.value;
    const all = [...lines, ...this.#fresh];
    const over = Math.max(0, all.length - MOST_KEPT);
    this.#fresh = [];
    this.#state.value = { lines: all.slice(over), dropped: dropped + over };
  }
}
