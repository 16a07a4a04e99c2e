// What all threads know of the agents on the main one: the tokens of their runs, and how many run. Rule: it is memory that they share; only
// the main thread writes to it.
import { RunTokens } from '../../services/identity/run-tokens.ts';

/** To be handed to other threads. */
export interface AgentMemory {
  readonly tokens: SharedArrayBuffer;
  readonly active: SharedArrayBuffer;
}

export class AgentShare {
  readonly tokens: RunTokens;
  readonly #active: Int32Array;

  constructor(memory?: AgentMemory) {
    this.tokens = new RunTokens(memory?.tokens);
    this.#active = new Int32Array(memory?.active ?? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  }

  get memory(): AgentMemory {
    return { tokens: this.tokens.memory, active: this.#active.buffer as SharedArrayBuffer };
  }

  /** How many run now. */
  get active(): number {
    return Atomics.load(this.#active, 0);
  }

  set active(count: number) {
    Atomics.store(this.#active, 0, count);
  }
}
