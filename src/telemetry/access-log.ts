// The access log: lines are gathered in a buffer and handed to the sink together. Rule: nothing here waits and no line is
// ever split; what the sink cannot take is lost and counted.

import { accessFormatter } from './access-line.ts';
import type { AccessFormat, AccessFormatter } from './access-line.ts';
import type { AccessRecord } from './access-record.ts';
import type { LogSink } from './log-sink.ts';

const BATCH_BYTES = 64 * 1024;
const FLUSH_AFTER_MS = 250;
/** UTF-8 needs at most this much for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

export interface AccessLogOptions {
  readonly format: AccessFormat;
  readonly sink: LogSink;
}

export class AccessLog {
  readonly #line: AccessFormatter;
  readonly #sink: LogSink;
  readonly #batch: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #batchLength = 0;
  #batchLines = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Armed while something is pending: a silent program has no timer, a busy one not one per line. */
  readonly #onTimer = (): void => {
    this.#timer = null;
    this.flush();
  };
  readonly #onExit = (): void => {
    this.flush();
    this.#sink.flushSync();
  };

  constructor({ format, sink }: AccessLogOptions) {
    this.#line = accessFormatter(format);
    this.#sink = sink;
    process.once('exit', this.#onExit);
  }

  /** Lines that the sink refused. */
  get dropped(): number {
    return this.#dropped;
  }

  record(record: AccessRecord): void {
    const line = this.#line(record);
    const atMost = line.length * MAX_BYTES_PER_UNIT;
    if (this.#batchLength + atMost > BATCH_BYTES) this.flush();
    if (atMost > BATCH_BYTES) {
      this.#hand(Buffer.from(line), 1);
      return;
    }
    this.#batchLength += this.#batch.write(line, this.#batchLength);
    this.#batchLines += 1;
    this.#timer ??= setTimeout(this.#onTimer, FLUSH_AFTER_MS).unref();
  }

  /** Hands what was gathered to the sink. */
  flush(): void {
    if (this.#batchLines === 0) return;
    const lines = Buffer.allocUnsafeSlow(this.#batchLength);
    this.#batch.copy(lines, 0, 0, this.#batchLength);
    const count = this.#batchLines;
    this.#batchLength = 0;
    this.#batchLines = 0;
    this.#hand(lines, count);
  }

  /** Resolves when everything is written. The sink stays open: others may write to it. */
  async close(): Promise<void> {
    this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    process.off('exit', this.#onExit);
    await this.#sink.drained();
  }

  #hand(lines: Buffer, count: number): void {
    if (!this.#sink.write(lines, count)) this.#dropped += count;
  }
}
