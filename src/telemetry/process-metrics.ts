// Figures of the process and of each thread's event loop, heap and garbage collector, under the names that dashboards know.
// Rule: figures of the process are read when somebody asks; a thread's own are recorded by the thread itself.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import type { MetricsRecorder } from './metrics-recorder.ts';

const LAG_EVERY_MS = 100;
/** Asking V8 for the heap costs more than a look at the clock. */
const HEAP_EVERY_ROUNDS = 50;
const LAG_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5];
const GC_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];
/** The values of `performance` entries' `kind`: V8's GC types. */
const GC_KINDS: ReadonlyMap<unknown, string> = new Map([
  [1, 'minor'],
  [2, 'minor'],
  [4, 'major'],
  [8, 'incremental'],
  [16, 'weakcb'],
]);

/** Main thread: returns what has to be called before the numbers are read. */
export function processMetrics(recorder: MetricsRecorder, version: string): () => void {
  const { slots } = recorder;
  const cpu = recorder.counter('process_cpu_seconds_total', 'CPU time that the process used, user and system.');
  const resident = recorder.gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.');
  const descriptors = recorder.gauge('process_open_fds', 'Open file descriptors.');
  const maxDescriptors = recorder.gauge('process_max_fds', 'How many file descriptors may be open.');
  const start = recorder.gauge('process_start_time_seconds', 'When the process was started, in seconds since 1970.');
  const labels = { version, node: process.version, platform: process.platform, arch: process.arch };
  slots[recorder.gauge('sluice_build_info', 'Always 1; the labels tell which build this is.', labels)] = 1;
  slots[start] = Date.now() / 1000 - process.uptime();
  slots[maxDescriptors] = maxOpenDescriptors();
  return () => {
    const { user, system } = process.cpuUsage();
    slots[cpu] = (user + system) / 1e6;
    slots[resident] = process.memoryUsage.rss();
    slots[descriptors] = openDescriptors();
  };
}

/** Every thread: records until the returned function is called, without keeping the thread alive. */
export function threadMetrics(recorder: MetricsRecorder): () => void {
  const { slots } = recorder;
  const heap = recorder.gauge('nodejs_heap_size_used_bytes', 'Memory in use by JavaScript, all threads.');
  const lag = recorder.histogram(
    'nodejs_eventloop_lag_seconds',
    'How late a thread gets to a timer that is due.',
    LAG_BUCKETS,
  );
  const collections = gcHistograms(recorder);
  const readHeap = (): void => {
    slots[heap] = process.memoryUsage().heapUsed;
  };
  let round = 0;
  let dueAt = performance.now() + LAG_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    recorder.observe(lag, Math.max(0, now - dueAt) / 1000);
    dueAt = now + LAG_EVERY_MS;
    round += 1;
    if (round % HEAP_EVERY_ROUNDS === 0) readHeap();
  }, LAG_EVERY_MS).unref();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) recorder.observe(collections(entry), entry.duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });
  readHeap();
  return () => {
    clearInterval(timer);
    observer.disconnect();
  };
}

function gcHistograms(recorder: MetricsRecorder): (entry: object) => number {
  const slotOf = (kind: string): number =>
    recorder.histogram('nodejs_gc_duration_seconds', 'Time in garbage collection, by kind, all threads.', GC_BUCKETS, {
      kind,
    });
  const slots = new Map([...GC_KINDS].map(([value, kind]) => [value, slotOf(kind)]));
  return (entry) => {
    const detail: unknown = 'detail' in entry ? entry.detail : null;
    const kind: unknown = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : null;
    return slots.get(kind) ?? 0;
  };
}

function openDescriptors(): number {
  try {
    // Linux 6.2 and later tell the number as a size; listing thousands of them would hold up the event loop.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function maxOpenDescriptors(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
