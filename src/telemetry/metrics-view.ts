// All recorders seen as one, on the main thread: numbers of the same name and labels are added up.
// Rule: it only reads. What a thread counted stays counted when the thread is gone; what it held (gauges) is gone with it.

import { HISTOGRAM, seriesKey } from './metric-definition.ts';
import type { MetricDefinition, MetricLabels } from './metric-definition.ts';

interface SeriesPart {
  readonly slots: Float64Array;
  readonly slot: number;
}

/** What can be shown of a series. */
export interface ReadableSeries {
  readonly labels: MetricLabels;
  /** The number itself, or a histogram's sum followed by its counts. */
  read(): Float64Array;
}

export class MetricSeries implements ReadableSeries {
  readonly labels: MetricLabels;
  readonly #offset: number;
  readonly #parts: SeriesPart[] = [];
  /** What threads that are gone have left behind. */
  readonly #base: Float64Array;

  constructor({ type, labels, buckets }: MetricDefinition) {
    this.labels = labels;
    this.#offset = type === 'histogram' ? HISTOGRAM.SUM : 0;
    this.#base = new Float64Array(type === 'histogram' ? 1 + buckets.length + 1 : 1);
  }

  read(): Float64Array {
    const total = this.#base.slice();
    for (const part of this.#parts) this.#addTo(total, part);
    return total;
  }

  get held(): boolean {
    return this.#parts.length > 0;
  }

  add(slots: Float64Array, slot: number): void {
    const known = this.#parts.some((part) => part.slots === slots);
    if (!known) this.#parts.push({ slots, slot });
  }

  remove(slots: Float64Array, keepNumbers: boolean): void {
    const index = this.#parts.findIndex((part) => part.slots === slots);
    const [part] = index < 0 ? [] : this.#parts.splice(index, 1);
    if (part !== undefined && keepNumbers) this.#addTo(this.#base, part);
  }

  #addTo(total: Float64Array, { slots, slot }: SeriesPart): void {
    const from = slot + this.#offset;
    for (let index = 0; index < total.length; index += 1) {
      total[index] = (total[index] ?? 0) + (slots[from + index] ?? 0);
    }
  }
}

export interface MetricFamily {
  /** The definition of its first series: name, help, type and buckets are the same for all. */
  readonly definition: MetricDefinition;
  readonly series: ReadonlyMap<string, ReadableSeries>;
}

/** One recorder's part in the view. */
export interface MetricsSource {
  define(definition: MetricDefinition): void;
  /** The thread is gone: its counts are kept, its gauges are dropped. */
  detach(): void;
}

export class MetricsView {
  readonly #families = new Map<
    string,
    { readonly definition: MetricDefinition; readonly series: Map<string, MetricSeries> }
  >();
  readonly #collectors: (() => void)[] = [];
  readonly #live: (() => Iterable<MetricFamily>)[] = [];

  attach(slab: SharedArrayBuffer, definitions: readonly MetricDefinition[]): MetricsSource {
    const slots = new Float64Array(slab);
    const source: MetricsSource = {
      define: (definition) => this.#define(slots, definition),
      detach: () => this.#detach(slots),
    };
    for (const definition of definitions) source.define(definition);
    return source;
  }

  /** `collect` is called before the numbers are read: for figures that are only worth asking for then. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Shows families that are made anew each time, beside those that are recorded: for what comes and goes. */
  include(live: () => Iterable<MetricFamily>): void {
    this.#live.push(live);
  }

  *families(): Iterable<MetricFamily> {
    for (const collect of this.#collectors) collect();
    yield* this.#families.values();
    for (const live of this.#live) yield* live();
  }

  /** What is recorded under a name, without what is only collected when somebody asks for everything. */
  find(name: string): MetricFamily | undefined {
    return this.#families.get(name);
  }

  /** The sum over all series of a counter or gauge; of a histogram, how much was observed in all. */
  total(name: string): number {
    let sum = 0;
    for (const series of this.#families.get(name)?.series.values() ?? []) sum += series.read()[0] ?? 0;
    return sum;
  }

  /** Of a family that is recorded, as the numbers are now. */
  series(name: string): Iterable<ReadableSeries> {
    return this.#families.get(name)?.series.values() ?? [];
  }

  #define(slots: Float64Array, definition: MetricDefinition): void {
    const family = this.#families.get(definition.name) ?? { definition, series: new Map<string, MetricSeries>() };
    this.#families.set(definition.name, family);
    const key = seriesKey(definition.name, definition.labels);
    const series = family.series.get(key) ?? new MetricSeries(definition);
    family.series.set(key, series);
    series.add(slots, definition.slot);
  }

  #detach(slots: Float64Array): void {
    for (const { definition, series } of this.#families.values()) {
      for (const [key, one] of series) {
        const gauge = definition.type === 'gauge';
        one.remove(slots, !gauge);
        if (gauge && !one.held) series.delete(key);
      }
    }
  }
}
