// Sends spans to a collector: gathered for a while, many in one request, again when the collector is busy or away. Rule: there is one
// of these in a process, and nothing waits for it: what cannot be sent in time is dropped, and counted.
import { CollectorClient, type CollectorSettings, type ExportOutcome } from './collector-client.ts';
import { exportJson } from './otlp-json.ts';
import type { Attributes } from './span.ts';
import { SpanQueue } from './span-queue.ts';

export interface ExportSettings extends CollectorSettings {
  readonly resource: Attributes;
  readonly version: string;
  /** How many spans may wait. */
  readonly room: number;
  readonly batch: number;
  readonly everyMs: number;
}

/** Why spans were lost. */
export type DropReason = 'queue_full' | 'unreachable' | 'refused';

export interface ExportEars {
  sent(spans: number): void;
  dropped(spans: number, reason: DropReason): void;
  /** Something is wrong that was not before. */
  troubled(reason: string): void;
  /** It works again. */
  recovered(): void;
}

export interface ExportPatience {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly attempts: number;
}

const PATIENCE: ExportPatience = { firstMs: 1_000, longestMs: 30_000, attempts: 6 };
/** A pause that a collector asks for is no longer than this. */
const LONGEST_PAUSE_MS = 120_000;

export class SpanExporter {
  readonly #settings: ExportSettings;
  readonly #ears: ExportEars;
  readonly #patience: ExportPatience;
  readonly #client: CollectorClient;
  readonly #queue: SpanQueue;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #isClosing = false;
  #isTroubled = false;
  #endPause = (): void => {};

  constructor(settings: ExportSettings, ears: ExportEars, patience: ExportPatience = PATIENCE) {
    this.#settings = settings;
    this.#ears = ears;
    this.#patience = patience;
    this.#client = new CollectorClient(settings);
    this.#queue = new SpanQueue(settings.room);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  take(spans: readonly string[]): void {
    const lost = this.#isClosing ? spans.length : this.#queue.add(spans);
    if (lost > 0) this.#ears.dropped(lost, 'queue_full');
    if (this.#sending !== null || this.#isClosing) return;
    if (this.#queue.length >= this.#settings.batch) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), this.#settings.everyMs).unref();
  }

  /** Sends what waits; resolves when that is done, one way or the other. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** What waits is tried once more; a collector that does not take it by then gets none of it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#endPause();
    await this.#sending;
    await this.flush();
    this.#client.close();
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#send(this.#queue.take(this.#settings.batch));
  }

  async #send(spans: readonly string[]): Promise<void> {
    const body = exportJson(this.#settings.resource, this.#settings.version, spans);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#client.send(body);
      if (outcome.kind === 'taken') return this.#taken(spans.length, outcome);
      this.#trouble(outcome.reason);
      if (outcome.kind === 'refused') return this.#ears.dropped(spans.length, 'refused');
      if (attempt >= this.#patience.attempts || this.#isClosing) return this.#ears.dropped(spans.length, 'unreachable');
      await this.#pause(this.#pauseMs(attempt, outcome.retryAfterMs));
    }
  }

  #taken(spans: number, { rejected, message }: Extract<ExportOutcome, { kind: 'taken' }>): void {
    const lost = Math.min(rejected, spans);
    this.#ears.sent(spans - lost);
    if (lost > 0) {
      this.#ears.dropped(lost, 'refused');
      this.#trouble(`the collector has thrown ${lost} spans away${message === '' ? '' : `: ${message}`}`);
    } else if (this.#isTroubled) {
      this.#isTroubled = false;
      this.#ears.recovered();
    }
  }

  /** Said once, until it works again. */
  #trouble(reason: string): void {
    if (!this.#isTroubled) this.#ears.troubled(reason);
    this.#isTroubled = true;
  }

  /** Twice as long each time, and never the same for all who were turned away together. */
  #pauseMs(attempt: number, retryAfterMs: number): number {
    if (retryAfterMs >= 0) return Math.min(retryAfterMs, LONGEST_PAUSE_MS);
    const { firstMs, longestMs } = this.#patience;
    return Math.min(longestMs, firstMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    timer.unref();
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
  }
}
