// Keeps what has been used: takes it from all threads and writes it in batches. Rule: nobody who notes something waits for the file, and
// no request fails because of it; whoever asks gets what was noted until then.
import { existsSync } from 'node:fs';
import { SluiceError } from '../../core/errors.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { UsageFile } from '../../state/usage-file.ts';
import type { UsageQuestion, UsageSum } from '../../state/usage-row.ts';
import type { UsageRecord } from './usage-record.ts';

const FLUSH_EVERY_MS = 1_000;
const BATCH_ROWS = 1_000;
/** While the file cannot be written; what is more is lost. */
const MAX_WAITING_ROWS = 50_000;
const FORGET_EVERY_MS = 3_600_000;

export interface UsageBookOptions {
  readonly path: string;
  readonly logger: Pick<Logger, 'error'>;
}

/** For how long. */
export interface UsageKeeping {
  /** Single requests, and what sessions have used. */
  readonly rowsMs: number;
  /** What was used in a day; no shorter than single requests. */
  readonly daysMs: number;
}

export class UsageBook {
  private readonly path: string;
  private readonly logger: Pick<Logger, 'error'>;
  /** Opened when there is something to keep or to tell. */
  private file: UsageFile | null = null;
  private waiting: UsageRecord[] = [];
  private timer: NodeJS.Timeout | null = null;
  private keeping: UsageKeeping = { rowsMs: Infinity, daysMs: Infinity };
  private forgottenAtMs = 0;
  private isFailing = false;
  private isClosed = false;

  constructor({ path, logger }: UsageBookOptions) {
    this.path = path;
    this.logger = logger;
  }

  /** What is older goes. */
  keepFor(keeping: UsageKeeping): void {
    if (keeping.rowsMs !== this.keeping.rowsMs || keeping.daysMs !== this.keeping.daysMs) this.forgottenAtMs = 0;
    this.keeping = keeping;
  }

  readonly note = (record: UsageRecord): void => {
    if (this.isClosed || this.waiting.length >= MAX_WAITING_ROWS) return;
    this.waiting.push(record);
    if (this.waiting.length === BATCH_ROWS) this.tryToFlush();
    else this.timer ??= setTimeout(this.flushInTime, FLUSH_EVERY_MS).unref();
  };

  /** Throws when the file cannot be read or written. */
  sums(question: UsageQuestion): UsageSum[] {
    if (this.isClosed) throw new SluiceError('shutting_down');
    this.flush();
    // Who only asks leaves nothing behind.
    if (this.file === null && !existsSync(this.path)) return [];
    return this.opened().sums(question);
  }

  /** What was noted is kept. */
  close(): void {
    if (this.isClosed) return;
    this.tryToFlush();
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.file?.close();
  }

  private readonly flushInTime = (): void => {
    this.timer = null;
    this.tryToFlush();
    if (this.waiting.length > 0) this.timer = setTimeout(this.flushInTime, FLUSH_EVERY_MS).unref();
  };

  private tryToFlush(): void {
    try {
      this.flush();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.error({ err: error }, 'what has been used of AI providers cannot be kept');
      this.isFailing = true;
    }
  }

  private flush(): void {
    if (this.waiting.length === 0) return;
    const file = this.opened();
    file.add(this.waiting);
    this.waiting = [];
    const nowMs = Date.now();
    const { rowsMs, daysMs } = this.keeping;
    if (nowMs - this.forgottenAtMs < FORGET_EVERY_MS || rowsMs === Infinity) return;
    this.forgottenAtMs = nowMs;
    // What is known of a request is no less known of its day.
    file.forget({ rowsBeforeMs: nowMs - rowsMs, daysBeforeMs: nowMs - Math.max(rowsMs, daysMs) });
  }

  private opened(): UsageFile {
    this.file ??= new UsageFile(this.path);
    return this.file;
  }
}
