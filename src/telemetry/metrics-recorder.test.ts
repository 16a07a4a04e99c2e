import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { getHeapStatistics } from 'node:v8';
import { SluiceError } from '../core/errors.ts';
import { HISTOGRAM } from './metric-definition.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { MetricsRecorder } from './metrics-recorder.ts';

/** A histogram's counts as they lie in the slab. */
function countsOf(recorder: MetricsRecorder, slot: number, buckets: number): number[] {
  return Array.from(recorder.slots.subarray(slot + HISTOGRAM.COUNTS, slot + HISTOGRAM.COUNTS + buckets));
}

function isFault(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SluiceError && error.code === 'internal' && pattern.test(error.message);
}

describe('defining series', () => {
  test('the same name and labels give the same slot, other labels another', () => {
    const recorder = new MetricsRecorder();
    const slot = recorder.counter('a_total', 'A.', { door: 'x', route: 'y' });
    assert.equal(recorder.counter('a_total', 'A.', { route: 'y', door: 'x' }), slot);
    assert.notEqual(recorder.counter('a_total', 'A.', { route: 'z', door: 'x' }), slot);
    assert.equal(recorder.definitions.length, 2);
  });

  test('no series owns slot 0, so that it can be written to in vain', () => {
    assert.notEqual(new MetricsRecorder().counter('a_total', 'A.'), 0);
  });

  test('each new series is told once, as data that can be posted', () => {
    const told: MetricDefinition[] = [];
    const recorder = new MetricsRecorder({ onDefine: (definition) => told.push(structuredClone(definition)) });
    recorder.gauge('open', 'Open.', { door: 'x' });
    recorder.gauge('open', 'Open.', { door: 'x' });
    recorder.histogram('took_seconds', 'Took.', [1, 2]);
    assert.deepEqual(told, recorder.definitions);
    assert.equal(told.length, 2);
  });

  test('a full slab is an error that says so', () => {
    const recorder = new MetricsRecorder({ capacity: 3 });
    recorder.counter('a_total', 'A.');
    recorder.counter('b_total', 'B.');
    assert.throws(
      () => recorder.counter('c_total', 'C.'),
      isFault(/no room for another series of c_total: 2 series fill all 3/),
    );
  });

  test('names and labels that Prometheus would object to are refused', () => {
    const recorder = new MetricsRecorder();
    assert.throws(() => recorder.counter('a', 'A.'), isFault(/end in _total/));
    assert.throws(() => recorder.gauge('a_total', 'A.'), isFault(/end in _total/));
    assert.throws(() => recorder.gauge('A-b', 'A.'), isFault(/is no name/));
    assert.throws(() => recorder.gauge('a', 'A.', { le: '1' }), isFault(/label/));
    assert.throws(() => recorder.histogram('a', 'A.', [1, 1]), isFault(/ascend/));
  });

  test('one name cannot be two types or have two sets of buckets', () => {
    const recorder = new MetricsRecorder();
    recorder.histogram('a', 'A.', [1, 2], { door: 'x' });
    assert.throws(() => recorder.gauge('a', 'A.', { door: 'x' }), isFault(/is a histogram already/));
    assert.throws(() => recorder.histogram('a', 'A.', [1, 3], { door: 'y' }), isFault(/other buckets/));
  });
});

describe('recording', () => {
  test('an observation counts in the first bucket whose bound it does not exceed', () => {
    const recorder = new MetricsRecorder();
    const slot = recorder.histogram('a', 'A.', [1, 2, 5]);
    for (const value of [0, 1, 1.5, 2, 5, 5.1, Infinity]) recorder.observe(slot, value);
    assert.deepEqual(countsOf(recorder, slot, 4), [2, 2, 1, 2]);
  });

  test('histograms with other bounds do not mix', () => {
    const recorder = new MetricsRecorder();
    const fine = recorder.histogram('a', 'A.', [1, 2]);
    const coarse = recorder.histogram('b', 'B.', [10]);
    recorder.observe(fine, 1.5);
    recorder.observe(coarse, 1.5);
    assert.deepEqual(countsOf(recorder, fine, 3), [0, 1, 0]);
    assert.deepEqual(countsOf(recorder, coarse, 2), [1, 0]);
    assert.equal(recorder.slots[fine + HISTOGRAM.SUM], 1.5);
  });

  test('what is not a number is not observed', () => {
    const recorder = new MetricsRecorder();
    const slot = recorder.histogram('a', 'A.', [1]);
    recorder.observe(slot, Number.NaN);
    assert.deepEqual(countsOf(recorder, slot, 2), [0, 0]);
  });

  test('an observation allocates nothing', () => {
    const recorder = new MetricsRecorder();
    const slot = recorder.histogram('a', 'A.', [0.001, 0.01, 0.1, 1]);
    const bytesPerObservation = (count: number): number => {
      const before = getHeapStatistics().total_allocated_bytes;
      for (let index = 0; index < count; index += 1) recorder.observe(slot, index / 1000);
      return (getHeapStatistics().total_allocated_bytes - before) / count;
    };
    const rounds = Array.from({ length: 20 }, () => bytesPerObservation(50_000));
    // One boxed number alone would be 12; asking for the statistics costs a little itself.
    assert.ok(Math.min(...rounds) < 6, `${Math.min(...rounds)} bytes`);
  });
});
