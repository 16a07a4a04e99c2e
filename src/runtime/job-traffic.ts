// What each of the five jobs does, in a few numbers read from the metrics. Rule: it counts nothing itself; now and then it notes the totals, from
// which rates, quantiles and their recent course follow.

import type { MetricFamily, MetricsView } from '../telemetry/metrics-view.ts';
import { SampleRow } from './sample-row.ts';

const SAMPLE_EVERY_MS = 5_000;
/** Five minutes, and the one before them. */
const SAMPLES = 61;
const RATE_OVER_MS = 10_000;
const QUANTILES_OVER_MS = 60_000;

export const JOBS = ['egress', 'gateway', 'tunnels', 'agents', 'ai'] as const;
export type Job = (typeof JOBS)[number];

export interface JobTraffic {
  readonly job: Job;
  readonly totalRequests: number;
  readonly totalErrors: number;
  /** Over the last ten seconds. */
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  /** Of the last minute; null: nothing has ended in it. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly requestsInFlight: number;
  /** What clients have open; null where that is not told apart. */
  readonly openConnections: number | null;
  /** Requests per second, the oldest first; the same length for all jobs. */
  readonly rates: readonly number[];
}

interface Reading {
  requests: number;
  errors: number;
  /** Of durations, by bucket. */
  readonly counts: Float64Array;
}

interface Sample {
  readonly atMs: number;
  readonly jobs: Readonly<Record<Job, Reading>>;
}

export class JobMeter {
  readonly #view: Pick<MetricsView, 'find'>;
  readonly #nowMs: () => number;
  readonly #row: SampleRow<Sample>;

  constructor(view: Pick<MetricsView, 'find'>, nowMs: () => number = () => performance.now()) {
    this.#view = view;
    this.#nowMs = nowMs;
    this.#row = new SampleRow({ everyMs: SAMPLE_EVERY_MS, most: SAMPLES, look: () => this.#look() });
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

  read(): JobTraffic[] {
    const now = this.#look();
    const bounds = this.#view.find('sluice_http_request_duration_seconds')?.definition.buckets ?? [];
    const lately = this.#sampleBefore(now.atMs - RATE_OVER_MS) ?? now;
    const minuteAgo = this.#sampleBefore(now.atMs - QUANTILES_OVER_MS) ?? now;
    const inFlight = sumByJob(this.#view.find('sluice_http_requests_in_flight'));
    const connections = sumByJob(this.#view.find('sluice_connections_open'));
    const clients = this.#view.find('sluice_tunnel_clients');
    const open: Partial<Record<Job, number>> = {
      egress: connections.egress,
      gateway: connections.gateway,
      ...(clients !== undefined && { tunnels: sumOf(clients) }),
    };
    return JOBS.map((job) => {
      const { requests, errors, counts } = now.jobs[job];
      const ended = counts.map((count, index) => count - (minuteAgo.jobs[job].counts[index] ?? 0));
      return {
        job,
        totalRequests: requests,
        totalErrors: errors,
        requestsPerSecond: rateBetween(lately, now, job, 'requests'),
        errorsPerSecond: rateBetween(lately, now, job, 'errors'),
        p50Ms: quantileMs(ended, bounds, 0.5),
        p99Ms: quantileMs(ended, bounds, 0.99),
        requestsInFlight: inFlight[job],
        openConnections: open[job] ?? null,
        rates: this.#row.samples.slice(1).map((each, index) => {
          const before = this.#row.samples[index] ?? each;
          return rateBetween(before, each, job, 'requests');
        }),
      };
    });
  }

  /** The newest one that is old enough, or the oldest there is. */
  #sampleBefore(atMs: number): Sample | undefined {
    return this.#row.samples.findLast((each) => each.atMs <= atMs) ?? this.#row.samples[0];
  }

  #look(): Sample {
    const duration = this.#view.find('sluice_http_request_duration_seconds');
    const length = (duration?.definition.buckets.length ?? 0) + 1;
    const nothing = (): Reading => ({ requests: 0, errors: 0, counts: new Float64Array(length) });
    const jobs = { egress: nothing(), gateway: nothing(), tunnels: nothing(), agents: nothing(), ai: nothing() };
    for (const { labels, read } of seriesOf(this.#view.find('sluice_http_requests_total'))) {
      const job = jobOf(labels);
      if (job === null) continue;
      const [count = 0] = read();
      jobs[job].requests += count;
      if (labels['code'] === '5xx') jobs[job].errors += count;
    }
    for (const { labels, read } of seriesOf(duration)) {
      const job = jobOf(labels);
      if (job === null) continue;
      const { counts } = jobs[job];
      for (const [index, count] of read().subarray(1).entries()) counts[index] = (counts[index] ?? 0) + count;
    }
    return { atMs: this.#nowMs(), jobs };
  }
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly read: () => Float64Array;
}

function* seriesOf(family: MetricFamily | undefined): Iterable<Series> {
  for (const series of family?.series.values() ?? []) yield { labels: series.labels, read: () => series.read() };
}

/** By the door and by the names that the routes of our own services have. */
export function jobOf({ door, route = '' }: { readonly door?: string; readonly route?: string }): Job | null {
  if (door === 'egress') return 'egress';
  if (door === 'tunnels') return 'tunnels';
  if (door !== 'gateway') return null;
  if (route.startsWith('ai/')) return 'ai';
  if (route === 'agents' || route === 'exec') return 'agents';
  return route === 'tunnel' || route === 'tunnel-server' ? 'tunnels' : 'gateway';
}

function sumByJob(family: MetricFamily | undefined): Record<Job, number> {
  const sums = { egress: 0, gateway: 0, tunnels: 0, agents: 0, ai: 0 };
  for (const { labels, read } of seriesOf(family)) {
    const job = jobOf(labels);
    if (job !== null) sums[job] += read()[0] ?? 0;
  }
  return sums;
}

function sumOf(family: MetricFamily): number {
  let sum = 0;
  for (const { read } of seriesOf(family)) sum += read()[0] ?? 0;
  return sum;
}

function rateBetween(from: Sample, to: Sample, job: Job, what: 'requests' | 'errors'): number {
  const elapsedMs = to.atMs - from.atMs;
  return elapsedMs <= 0 ? 0 : Math.max(0, (to.jobs[job][what] - from.jobs[job][what]) * 1000) / elapsedMs;
}

/** Within a bucket values are taken to be spread evenly; beyond the last bound nothing is known but that bound. */
function quantileMs(counts: Float64Array, bounds: readonly number[], quantile: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const wanted = total * quantile;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const from = bounds[index - 1] ?? 0;
      const to = bounds[index] ?? from;
      return (from + ((to - from) * (wanted - below)) / count) * 1000;
    }
    below += count;
  }
  return (bounds.at(-1) ?? 0) * 1000;
}
