import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { MetricsRecorder } from './metrics-recorder.ts';
import { MetricsView } from './metrics-view.ts';
import type { MetricsSource } from './metrics-view.ts';

interface Thread {
  readonly recorder: MetricsRecorder;
  readonly source: MetricsSource;
}

/** A recorder whose series travel as they do between threads: the slab is shared, the definitions are copies. */
function startThread(view: MetricsView): Thread {
  let source: MetricsSource | null = null;
  const recorder = new MetricsRecorder({ onDefine: (definition) => source?.define(structuredClone(definition)) });
  source = view.attach(recorder.slab, structuredClone(recorder.definitions));
  return { recorder, source };
}

function bump({ recorder }: Thread, slot: number, by: number): void {
  recorder.slots[slot]! += by;
}

function numbersOf(view: MetricsView, name: string): Record<string, number[]> {
  const family = [...view.families()].find(({ definition }) => definition.name === name);
  return Object.fromEntries([...(family?.series ?? [])].map(([key, series]) => [key, [...series.read()]]));
}

describe('the view over all recorders', () => {
  test('adds up series of the same name and labels, wherever they lie in each slab', () => {
    const view = new MetricsView();
    const [one, two] = [startThread(view), startThread(view)];
    two.recorder.gauge('other', 'Other.');
    bump(one, one.recorder.counter('a_total', 'A.', { door: 'x' }), 2);
    bump(two, two.recorder.counter('a_total', 'A.', { door: 'x' }), 3);
    bump(two, two.recorder.counter('a_total', 'A.', { door: 'y' }), 7);
    assert.deepEqual(numbersOf(view, 'a_total'), { 'a_total{door="x"}': [5], 'a_total{door="y"}': [7] });
  });

  test('adds up histograms bucket by bucket', () => {
    const view = new MetricsView();
    for (const value of [0.5, 1.5, 9]) {
      const { recorder } = startThread(view);
      recorder.observe(recorder.histogram('a', 'A.', [1, 2]), value);
    }
    assert.deepEqual(numbersOf(view, 'a'), { a: [11, 1, 1, 1] });
  });

  test('series defined before a recorder was attached are seen', () => {
    const view = new MetricsView();
    const recorder = new MetricsRecorder();
    recorder.slots[recorder.counter('a_total', 'A.')] = 4;
    const source = view.attach(recorder.slab, recorder.definitions);
    for (const definition of recorder.definitions) source.define(definition);
    assert.equal(view.total('a_total'), 4);
  });

  test('a thread that is gone leaves its counts and takes its gauges along', () => {
    const view = new MetricsView();
    const [one, two] = [startThread(view), startThread(view)];
    for (const thread of [one, two]) {
      bump(thread, thread.recorder.counter('a_total', 'A.'), 10);
      bump(thread, thread.recorder.gauge('open', 'Open.'), 1);
      thread.recorder.observe(thread.recorder.histogram('took', 'Took.', [1]), 3);
    }
    bump(one, one.recorder.gauge('own', 'Own.'), 1);
    one.source.detach();
    bump(one, one.recorder.counter('a_total', 'A.'), 100);
    assert.deepEqual(numbersOf(view, 'a_total'), { a_total: [20] });
    assert.deepEqual(numbersOf(view, 'open'), { open: [1] });
    assert.deepEqual(numbersOf(view, 'own'), {});
    assert.deepEqual(numbersOf(view, 'took'), { took: [6, 0, 2] });
  });

  test('a thread that was started again goes on from where the first one stopped', () => {
    const view = new MetricsView();
    for (let life = 0; life < 3; life += 1) {
      const thread = startThread(view);
      bump(thread, thread.recorder.counter('a_total', 'A.'), 5);
      thread.source.detach();
      thread.source.detach();
    }
    assert.equal(view.total('a_total'), 15);
  });

  test('a total is the sum over all labels, and 0 for what nobody defined', () => {
    const view = new MetricsView();
    const thread = startThread(view);
    for (const door of ['x', 'y']) bump(thread, thread.recorder.counter('a_total', 'A.', { door }), 2);
    assert.equal(view.total('a_total'), 4);
    assert.equal(view.total('b_total'), 0);
  });

  test('collectors run before the numbers are read', () => {
    const view = new MetricsView();
    const thread = startThread(view);
    const slot = thread.recorder.gauge('now', 'Now.');
    view.onCollect(() => bump(thread, slot, 1));
    assert.deepEqual(numbersOf(view, 'now'), { now: [1] });
    assert.deepEqual(numbersOf(view, 'now'), { now: [2] });
  });
});
