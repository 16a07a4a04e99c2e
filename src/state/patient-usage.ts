// Stands before a store that may be gone for a while: what it does not take waits on this machine until it does. Rule: whoever adds waits for
// one attempt at most, and for none while the store is known to be gone; what waits is given on whole, once, in its order.
import type { UsageAges, UsageQuestion, UsageSum } from './usage-row.ts';
import type { StoreState, UsageBatch, UsageStore } from './usage-store.ts';
import type { WaitingFile } from './waiting-file.ts';

export interface PatientUsageOptions {
  readonly store: UsageStore;
  readonly waiting: WaitingFile;
  /** The store has refused; called once until it takes again. */
  readonly onDown: (error: unknown) => void;
  /** It has taken all that waited. */
  readonly onUp: (rows: number) => void;
}

const RETRY_EVERY_MS = 1_000;

export class PatientUsage implements UsageStore {
  private readonly options: PatientUsageOptions;
  private isDown = false;
  private givenOn = 0;
  private timer: NodeJS.Timeout | null = null;
  private giving: Promise<void> | null = null;
  private isClosed = false;

  constructor(options: PatientUsageOptions) {
    this.options = options;
    // Of the process before this one.
    if (options.waiting.rows > 0) this.retrySoon();
  }

  state(): StoreState {
    const state = this.options.store.state();
    return { ...state, isUp: state.isUp && !this.isDown, waitingRows: this.options.waiting.rows };
  }

  async add(batch: UsageBatch): Promise<void> {
    const { store, waiting } = this.options;
    if (this.isDown) {
      waiting.put(batch);
      return;
    }
    try {
      await store.add(batch);
    } catch (error) {
      waiting.put(batch);
      this.fell(error);
    }
  }

  /** With what waited, if the store takes it. */
  async sums(question: UsageQuestion): Promise<UsageSum[]> {
    await this.giveOn();
    return this.options.store.sums(question);
  }

  /** Later, while the store is gone. */
  async forget(ages: UsageAges): Promise<void> {
    if (this.isDown) return;
    try {
      await this.options.store.forget(ages);
    } catch (error) {
      this.fell(error);
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.options.store.close();
    await this.giving;
    this.options.waiting.close();
  }

  /** The store may be there again. */
  private giveOn(): Promise<void> {
    this.giving ??= this.giveAll().finally(() => {
      this.giving = null;
    });
    return this.giving;
  }

  private fell(error: unknown): void {
    if (!this.isDown) this.options.onDown(error);
    this.isDown = true;
    this.retrySoon();
  }

  private retrySoon(): void {
    if (this.isClosed) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.giveOn();
    }, RETRY_EVERY_MS).unref();
  }

  private async giveAll(): Promise<void> {
    const { store, waiting, onUp } = this.options;
    try {
      for (let batch = waiting.first(); batch !== null && !this.isClosed; batch = waiting.first()) {
        await store.add(batch);
        waiting.remove(batch);
        this.givenOn += batch.rows.length;
      }
    } catch (error) {
      this.fell(error);
      return;
    }
    if (this.isClosed || (!this.isDown && this.givenOn === 0)) return;
    this.isDown = false;
    onUp(this.givenOn);
    this.givenOn = 0;
  }
}
