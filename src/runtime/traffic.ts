// What has gone through and what is open, in a few numbers read from the metrics. Rule: it counts nothing itself; once a
// second it notes the total, for the rate over the last seconds.

import type { MetricsView } from '../telemetry/metrics-view.ts';

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
  /** The oldest one first. */
  readonly #samples: Sample[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(view: Pick<MetricsView, 'total'>, nowMs: () => number = () => performance.now()) {
    this.#view = view;
    this.#nowMs = nowMs;
  }

  start(): void {
    this.sample();
    this.#timer = setInterval(() => this.sample(), SAMPLE_EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  sample(): void {
    this.#samples.push({ atMs: this.#nowMs(), requests: this.#requests() });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  read(): Traffic {
    const totalRequests = this.#requests();
    const [oldest] = this.#samples;
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
