// Where the spans of all threads go: the exporter that the configuration asks for, its numbers and its word in the log. Rule: while
// nothing is traced there is no exporter, and no series that counts for it.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { TracesConfig } from '../../config/schema/traces.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { type TraceFamilies, traceFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { Attributes } from '../../telemetry/traces/span.ts';
import { type ExportEars, SpanExporter } from '../../telemetry/traces/span-exporter.ts';
import { VERSION } from '../version.ts';

/** At the end of the program a collector that does not answer holds nothing up. */
const CLOSE_GRACE_MS = 3_000;

export class TraceExport {
  readonly #recorder: MetricsRecorder;
  readonly #logger: Pick<Logger, 'warn' | 'info' | 'error'>;
  readonly #instance = randomUUID();
  #families: TraceFamilies | null = null;
  #exporter: SpanExporter | null = null;
  #inForce = '';
  #closing: Promise<void> = Promise.resolve();

  constructor(recorder: MetricsRecorder, logger: Pick<Logger, 'warn' | 'info' | 'error'>) {
    this.#recorder = recorder;
    this.#logger = logger;
  }

  /** The configuration that holds from here on. */
  follow(config: TracesConfig): void {
    const wanted = JSON.stringify(config);
    if (wanted === this.#inForce) return;
    this.#inForce = wanted;
    this.#letGo();
    if (config.endpoint === null) return;
    try {
      this.#exporter = this.#create(config, config.endpoint);
    } catch (err) {
      this.#logger.error(
        { err, ca: config.ca },
        'spans are not sent: the certificates for the collector cannot be read',
      );
    }
  }

  take(spans: readonly string[]): void {
    this.#exporter?.take(spans);
  }

  /** For the metrics. */
  readonly collect = (): void => {
    if (this.#families !== null) this.#recorder.slots[this.#families.waiting] = this.#exporter?.waiting ?? 0;
  };

  async close(): Promise<void> {
    this.#letGo();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSE_GRACE_MS);
    await Promise.race([this.#closing, late.promise]);
    clearTimeout(timer);
  }

  #letGo(): void {
    const exporter = this.#exporter;
    this.#exporter = null;
    if (exporter !== null) this.#closing = Promise.all([this.#closing, exporter.close()]).then(() => {});
  }

  #create(config: TracesConfig, endpoint: string): SpanExporter {
    const families = (this.#families ??= traceFamilies(this.#recorder));
    const { headers, timeout, compression, ca, queue, batch, every } = config;
    const settings = { endpoint, headers, timeoutMs: timeout, compression, ca, room: queue, batch, everyMs: every };
    return new SpanExporter(
      { ...settings, resource: this.#resourceOf(config), version: VERSION },
      this.#ears(families),
    );
  }

  #ears(families: TraceFamilies): ExportEars {
    const add = (slot: number, count: number): void => {
      this.#recorder.slots[slot] = (this.#recorder.slots[slot] ?? 0) + count;
    };
    return {
      sent: (spans) => add(families.exported, spans),
      dropped: (spans, reason) => add(families.dropped(reason), spans),
      troubled: (reason) => this.#logger.warn({ reason }, 'spans could not be sent; not said again until it works'),
      recovered: () => this.#logger.info({}, 'spans are sent again'),
    };
  }

  #resourceOf({ service_name: name, resource }: TracesConfig): Attributes {
    const own: Record<string, string | number> = {
      'service.version': VERSION,
      'service.instance.id': this.#instance,
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
    };
    return Object.entries({ ...own, ...resource, 'service.name': name });
  }
}
