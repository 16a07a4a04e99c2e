// Keeps what has been used: takes it from all threads and writes it in batches. Rule: nobody who notes something waits for where it is kept,
// and no request fails because of it; whoever asks gets what was noted until then.
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../../core/errors.ts';
import type { UsageQuestion, UsageSum } from '../../state/usage-row.ts';
import type { StoreState, UsageBatch, UsageStore } from '../../state/usage-store.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import type { UsageRecord } from './usage-record.ts';

const FLUSH_EVERY_MS = 1_000;
const BATCH_ROWS = 1_000;
/** While nothing can be written; what is more is lost. */
const MAX_WAITING_ROWS = 50_000;
const FORGET_EVERY_MS = 3_600_000;

export interface UsageBookOptions {
  readonly store: UsageStore;
  readonly logger: Pick<Logger, 'error'>;
}

/** For how long. */
export interface UsageKeeping {
  /** Single requests, and what sessions have used. */
  readonly rowsMs: number;
  /** What was used in a day; no shorter than single requests. */
  readonly daysMs: number;
}

export interface UsageState extends StoreState {
  /** Requests for which there was no room any more. */
  readonly lostRows: number;
}

export class UsageBook {
  private readonly store: UsageStore;
  private readonly logger: Pick<Logger, 'error'>;
  private waiting: UsageRecord[] = [];
  /** It was given to the store and has not been taken yet: it is given again as it is. */
  private batch: UsageBatch | null = null;
  private writing: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private keeping: UsageKeeping = { rowsMs: Infinity, daysMs: Infinity };
  private forgottenAtMs = 0;
  private isFailing = false;
  private closing: Promise<void> | null = null;
  private lostRows = 0;

  constructor({ store, logger }: UsageBookOptions) {
    this.store = store;
    this.logger = logger;
  }

  state(): UsageState {
    return { ...this.store.state(), lostRows: this.lostRows };
  }

  /** What is older goes. */
  keepFor(keeping: UsageKeeping): void {
    if (keeping.rowsMs !== this.keeping.rowsMs || keeping.daysMs !== this.keeping.daysMs) this.forgottenAtMs = 0;
    this.keeping = keeping;
  }

  readonly note = (record: UsageRecord): void => {
    if (this.closing !== null) return;
    if (this.waiting.length >= MAX_WAITING_ROWS) {
      this.lostRows += 1;
      return;
    }
    this.waiting.push(record);
    if (this.waiting.length === BATCH_ROWS) this.tryToWrite();
    else this.writeSoon();
  };

  /** Rejects when what was used cannot be read or written. */
  async sums(question: UsageQuestion): Promise<UsageSum[]> {
    if (this.closing !== null) throw new SluiceError('shutting_down');
    while (this.hasMore) await this.write();
    return this.store.sums(question);
  }

  /** What was noted is kept. */
  close(): Promise<void> {
    this.closing ??= this.writeLast();
    return this.closing;
  }

  private async writeLast(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    try {
      while (this.hasMore) await this.write();
    } catch (error) {
      this.fails(error);
    }
    await this.store.close();
  }

  private get hasMore(): boolean {
    return this.batch !== null || this.waiting.length > 0;
  }

  private writeSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.tryToWrite();
    }, FLUSH_EVERY_MS).unref();
  }

  private tryToWrite(): void {
    this.write().then(
      () => {
        this.isFailing = false;
        this.writeRest();
      },
      (error: unknown) => {
        this.fails(error);
        this.writeRest();
      },
    );
  }

  /** What has come too late for what was written, or was not taken. */
  private writeRest(): void {
    if (this.hasMore && this.closing === null) this.writeSoon();
  }

  private fails(error: unknown): void {
    if (!this.isFailing) this.logger.error({ err: error }, 'what has been used of AI providers cannot be kept');
    this.isFailing = true;
  }

  /** All that waits; one at a time. */
  private write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.hasMore) {
      this.batch ??= { id: randomUUID(), rows: this.waiting.splice(0, BATCH_ROWS) };
      await this.store.add(this.batch);
      this.batch = null;
    }
    await this.forget();
  }

  private async forget(): Promise<void> {
    const nowMs = Date.now();
    const { rowsMs, daysMs } = this.keeping;
    if (nowMs - this.forgottenAtMs < FORGET_EVERY_MS || rowsMs === Infinity) return;
    this.forgottenAtMs = nowMs;
    // What is known of a request is no less known of its day.
    await this.store.forget({ rowsBeforeMs: nowMs - rowsMs, daysBeforeMs: nowMs - Math.max(rowsMs, daysMs) });
  }
}
