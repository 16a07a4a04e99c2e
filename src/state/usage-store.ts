// Where it is kept what has been used: in a file of this machine, or in a Redis that several nodes share. Types only. Rule: every place
// answers the same questions in the same way; src/state/usage-stores.test.ts holds each of them to it.
import type { UsageAges, UsageQuestion, UsageRow, UsageSum } from './usage-row.ts';

export interface UsageBatch {
  /** Unlike that of any other batch, of any node. */
  readonly id: string;
  readonly rows: readonly UsageRow[];
}

export interface StoreState {
  /** Without user and password; null: it is kept on this machine. */
  readonly server: string | null;
  readonly isUp: boolean;
  /** How many requests wait for it. */
  readonly waitingRows: number;
}

export interface UsageStore {
  /** All of it with its sums, or none. What was refused may be given again, whole, and counts once. */
  add(batch: UsageBatch): Promise<void>;
  /** Apart by model in any case: models have prices. In the order of what they are by. */
  sums(question: UsageQuestion): Promise<UsageSum[]>;
  /** What is older goes, at the latest a day after that. */
  forget(ages: UsageAges): Promise<void>;
  state(): StoreState;
  /** Nothing follows. */
  close(): Promise<void>;
}
