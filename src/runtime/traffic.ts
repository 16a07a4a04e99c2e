// What has gone through and what is open, in a few numbers read from the metrics. Rule: it counts nothing itself; once a
// second it notes the total, for the rate over the last seconds.

import type { MetricsView } from '../telemetry/metrics-view.ts';
import { SampleRow } from './sample-row.ts';

const SAMPLE_EVERY_MS = 1_000;
const SAMPLES = 10;

export interface Traffic {
  readonly totalRequests: number;
  /** Over the last ten seconds, or since the start if that is less. */
  readonly requestsPerSecond: number;
  readonly requestsInFlight: number;
  readonly openConnections: number;
}

interface Sample {
  readonly atMs: number;
  readonly requests: number;
}

export class TrafficMeter {
  readonly #view: Pick<MetricsView, 'total'>;
  readonly #nowMs: () => number;
  readonly #row: SampleRow<Sample>;

  constructor(view: Pick<MetricsView, 'total'>, nowMs: () => number = () => performance.now()) {
    this.#view = view;
    this.#nowMs = nowMs;
    const look = (): Sample => ({ atMs: this.#nowMs(), requests: this.#requests() });
    this.#row = new SampleRow({ everyMs: SAMPLE_EVERY_MS, most: SAMPLES, look });
  }

  start(): void {
    this.#row.start();
  }

  stop(): void {
    this.#row.stop();
  }

  sample(): void {
    this.#row.sample();
  }

  read(): Traffic {
    const totalRequests = this.#requests();
    const [oldest] = this.#row.samples;
    const elapsedMs = oldest === undefined ? 0 : this.#nowMs() - oldest.atMs;
    return {
      totalRequests,
      requestsPerSecond:
        oldest === undefined || elapsedMs <= 0 ? 0 : ((totalRequests - oldest.requests) * 1000) / elapsedMs,
      requestsInFlight: this.#view.total('sluice_http_requests_in_flight'),
      openConnections: this.#view.total('sluice_connections_open'),
    };
  }

  #requests(): number {
    return this.#view.total('sluice_http_requests_total');
  }
}
