// Who has run into a limit, as events. Rule: it is read from what the threads count anyway, so that a limit that is hit a thousand times a
// second costs nobody more, and is told once a second.
import type { MetricLabels } from '../../telemetry/metric-definition.ts';
import type { MetricsView } from '../../telemetry/metrics-view.ts';
import type { EventFacts } from './program-event.ts';

const LOOK_EVERY_MS = 1000;

interface Counted {
  readonly family: string;
  /** What of its series is a limit; null: nothing. */
  readonly fieldsOf: (labels: MetricLabels) => MetricLabels | null;
}

/** Of the codes of errors. What a user has of AI is counted by itself. */
const REASONS: ReadonlySet<string> = new Set(['too_many_requests', 'too_many_concurrent_requests', 'upstream_busy']);

const COUNTED: readonly Counted[] = [
  {
    family: 'sluice_http_request_errors_total',
    fieldsOf: ({ door = '', route = '', reason = '' }) => (REASONS.has(reason) ? { limit: reason, door, route } : null),
  },
  { family: 'sluice_connections_refused_total', fieldsOf: ({ door = '' }) => ({ limit: 'connections', door }) },
  { family: 'sluice_ai_refusals_total', fieldsOf: ({ user = '', limit = '' }) => ({ limit, user }) },
];

export interface LimitHit {
  /** Names the limit and where it stands. */
  readonly fields: MetricLabels;
  readonly times: number;
  readonly lastAtMs: number;
}

export class LimitEvents {
  readonly #view: Pick<MetricsView, 'series'>;
  readonly #note: (facts: EventFacts) => void;
  readonly #seen = new Map<string, number>();
  readonly #hits = new Map<string, LimitHit>();
  #timer: NodeJS.Timeout | null = null;

  constructor(view: Pick<MetricsView, 'series'>, note: (facts: EventFacts) => void) {
    this.#view = view;
    this.#note = note;
  }

  start(): void {
    this.look();
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Since the start, the latest first. */
  hits(): LimitHit[] {
    return [...this.#hits.values()].toSorted((one, other) => other.lastAtMs - one.lastAtMs);
  }

  look(): void {
    for (const { family, fieldsOf } of COUNTED) {
      for (const series of this.#view.series(family)) {
        const fields = fieldsOf(series.labels);
        if (fields !== null) this.#tell(`${family} ${Object.values(fields).join(' ')}`, fields, series.read()[0] ?? 0);
      }
    }
  }

  #tell(key: string, fields: MetricLabels, total: number): void {
    const times = total - (this.#seen.get(key) ?? 0);
    this.#seen.set(key, total);
    if (times <= 0) return;
    this.#hits.set(key, { fields, times: total, lastAtMs: Date.now() });
    this.#note({
      kind: 'limit',
      level: 'warn',
      message: 'a limit was hit',
      fields: { ...fields, times },
      isLogged: false,
    });
  }
}
