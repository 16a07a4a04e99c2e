// Where one thread counts. Series are defined while a program is built; recording is a write to a typed array by index.
// Rule: only its own thread writes to a recorder; the main thread reads the shared slab. Nothing is allocated per observation.

import { SluiceError } from '../core/errors.ts';
import { HISTOGRAM, seriesKey } from './metric-definition.ts';
import type { MetricDefinition, MetricLabels } from './metric-definition.ts';

/** Numbers per thread, 1 MiB of address space; memory is only taken by the part in use. About 40 per route. */
const DEFAULT_CAPACITY = 131_072;
const METRIC_NAME = /^[a-z][a-z0-9_]*$/;
const LABEL_NAME = /^(?!le$|__)[a-z_][a-z0-9_]*$/;

export interface MetricsRecorderOptions {
  readonly capacity?: number;
  /** Told of each new series, so that a worker can pass it on to the main thread. */
  readonly onDefine?: (definition: MetricDefinition) => void;
}

export class MetricsRecorder {
  readonly slab: SharedArrayBuffer;
  /** Hot path: `recorder.slots[slot] += 1`. Slot 0 belongs to nobody and may be written to in vain. */
  readonly slots: Float64Array;
  readonly #onDefine: ((definition: MetricDefinition) => void) | undefined;
  readonly #series = new Map<string, MetricDefinition>();
  readonly #families = new Map<string, MetricDefinition>();
  readonly #bounds: Float64Array[] = [];
  #nextSlot = 1;

  constructor(options: MetricsRecorderOptions = {}) {
    const capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.slab = new SharedArrayBuffer(capacity * Float64Array.BYTES_PER_ELEMENT);
    this.slots = new Float64Array(this.slab);
    this.#onDefine = options.onDefine;
  }

  get definitions(): readonly MetricDefinition[] {
    return [...this.#series.values()];
  }

  /** A number that only grows. Returns its slot, the same for the same name and labels. */
  counter(name: string, help: string, labels: MetricLabels = {}): number {
    return this.#define({ type: 'counter', name, help, labels, buckets: [] });
  }

  /** A number that goes up and down. Those of several threads are added up. */
  gauge(name: string, help: string, labels: MetricLabels = {}): number {
    return this.#define({ type: 'gauge', name, help, labels, buckets: [] });
  }

  /** Counts per size class; `buckets` are ascending upper bounds. Record with observe(). */
  histogram(name: string, help: string, buckets: readonly number[], labels: MetricLabels = {}): number {
    return this.#define({ type: 'histogram', name, help, labels, buckets });
  }

  /* oxlint-disable typescript/no-non-null-assertion -- `??` would make V8 put every number that is read into an object of its own. */
  observe(slot: number, value: number): void {
    if (Number.isNaN(value)) return;
    const { slots } = this;
    const bounds = this.#bounds[slots[slot + HISTOGRAM.BOUNDS]!]!;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    slots[slot + HISTOGRAM.SUM]! += value;
    slots[slot + HISTOGRAM.COUNTS + bucket]! += 1;
  }
  /* oxlint-enable typescript/no-non-null-assertion */

  #define(wanted: Omit<MetricDefinition, 'slot'>): number {
    const key = seriesKey(wanted.name, wanted.labels);
    const known = this.#series.get(key);
    if (known !== undefined && known.type === wanted.type) return known.slot;
    this.#check(wanted);
    const definition = { ...wanted, slot: this.#allocate(wanted) };
    this.#series.set(key, definition);
    if (!this.#families.has(wanted.name)) this.#families.set(wanted.name, definition);
    this.#onDefine?.(definition);
    return definition.slot;
  }

  #check({ type, name, labels, buckets }: Omit<MetricDefinition, 'slot'>): void {
    const family = this.#families.get(name);
    const fault =
      (!METRIC_NAME.test(name) && 'is no name for a metric') ||
      (name.endsWith('_total') !== (type === 'counter') &&
        'breaks the rule that counters, and only they, end in _total') ||
      (Object.keys(labels).some((label) => !LABEL_NAME.test(label)) && 'has a label that is no name for one') ||
      (buckets.some((bound, index) => bound <= (buckets[index - 1] ?? -Infinity)) &&
        'has buckets that do not ascend') ||
      (family !== undefined && family.type !== type && `is a ${family.type} already`) ||
      (family !== undefined && family.buckets.join() !== buckets.join() && 'has other buckets already');
    if (fault !== false) throw new SluiceError('internal', { message: `The metric ${name} ${fault}.` });
  }

  #allocate({ type, buckets, name }: Omit<MetricDefinition, 'slot'>): number {
    const size = type === 'histogram' ? HISTOGRAM.COUNTS + buckets.length + 1 : 1;
    const slot = this.#nextSlot;
    if (slot + size > this.slots.length) {
      const message = `There is no room for another series of ${name}: ${this.#series.size} series fill all ${this.slots.length} slots.`;
      throw new SluiceError('internal', { message });
    }
    this.#nextSlot += size;
    if (type === 'histogram') this.slots[slot + HISTOGRAM.BOUNDS] = this.#boundsIndex(buckets);
    return slot;
  }

  #boundsIndex(buckets: readonly number[]): number {
    const known = this.#bounds.findIndex((bounds) => bounds.join() === buckets.join());
    return known >= 0 ? known : this.#bounds.push(Float64Array.from(buckets)) - 1;
  }
}
