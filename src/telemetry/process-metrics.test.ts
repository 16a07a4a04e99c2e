import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MetricsRecorder } from './metrics-recorder.ts';
import { MetricsView } from './metrics-view.ts';
import { processMetrics, threadMetrics } from './process-metrics.ts';

function viewOf(recorder: MetricsRecorder): MetricsView {
  const view = new MetricsView();
  view.attach(recorder.slab, recorder.definitions);
  return view;
}

/** The count of a histogram over all its labels. */
function countOf(view: MetricsView, name: string): number {
  let count = 0;
  for (const { definition, series } of view.families()) {
    if (definition.name !== name) continue;
    for (const one of series.values())
      count += one
        .read()
        .subarray(1)
        .reduce((sum, part) => sum + part, 0);
  }
  return count;
}

describe('figures of the process', () => {
  test('are read when they are collected', () => {
    const recorder = new MetricsRecorder();
    const collect = processMetrics(recorder, '1.2.3');
    const view = viewOf(recorder);
    assert.equal(view.total('process_resident_memory_bytes'), 0);
    collect();
    assert.ok(view.total('process_resident_memory_bytes') > 10e6);
    assert.ok(view.total('process_cpu_seconds_total') > 0);
    assert.ok(Math.abs(view.total('process_start_time_seconds') * 1000 + process.uptime() * 1000 - Date.now()) < 5000);
    if (process.platform === 'linux') {
      assert.ok(view.total('process_open_fds') > 3);
      assert.ok(view.total('process_max_fds') >= view.total('process_open_fds'));
    }
  });

  test('the build is told by labels', () => {
    const recorder = new MetricsRecorder();
    processMetrics(recorder, '1.2.3');
    const build = recorder.definitions.find(({ name }) => name === 'sluice_build_info');
    assert.equal(build?.labels['version'], '1.2.3');
    assert.equal(build?.labels['node'], process.version);
    assert.equal(viewOf(recorder).total('sluice_build_info'), 1);
  });
});

describe('figures of a thread', () => {
  test('the lag of the event loop is what a timer is late by', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const recorder = new MetricsRecorder();
    const stop = threadMetrics(recorder);
    const view = viewOf(recorder);
    assert.ok(view.total('nodejs_heap_size_used_bytes') > 1e6);
    context.mock.timers.tick(100);
    assert.equal(countOf(view, 'nodejs_eventloop_lag_seconds'), 1);
    stop();
    context.mock.timers.tick(1000);
    assert.equal(countOf(view, 'nodejs_eventloop_lag_seconds'), 1);
  });

  test('garbage collections are recorded by the thread that had them', async () => {
    const source = `
      const { workerData, parentPort } = require('node:worker_threads');
      Promise.all([import(workerData.recorder), import(workerData.metrics)]).then(([{ MetricsRecorder }, { threadMetrics }]) => {
        const recorder = new MetricsRecorder();
        threadMetrics(recorder);
        const observer = new PerformanceObserver(() => {
          observer.disconnect();
          parentPort.postMessage({ slab: recorder.slab, definitions: recorder.definitions });
        });
        observer.observe({ entryTypes: ['gc'] });
        let kept = [];
        const allocate = () => {
          kept = Array.from({ length: 50_000 }, () => ({}));
          return setImmediate(allocate);
        };
        allocate();
        parentPort.once('message', () => process.exit());
      });`;
    const recorder = new URL('./metrics-recorder.ts', import.meta.url).href;
    const metrics = new URL('./process-metrics.ts', import.meta.url).href;
    const worker = new Worker(source, { eval: true, workerData: { recorder, metrics } });
    const [{ slab, definitions }] = await once(worker, 'message');
    const view = new MetricsView();
    view.attach(slab, definitions);
    assert.ok(countOf(view, 'nodejs_gc_duration_seconds') > 0);
    worker.postMessage('end');
    await once(worker, 'exit');
  });
});
