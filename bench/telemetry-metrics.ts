// What the metrics cost per request: what the engine records for one exchange. The bar: 0.1 µs.
//   node bench/telemetry-metrics.ts

import { connectionFamilies, httpFamilies, upstreamFamilies } from '../src/telemetry/families.ts';
import { MetricsRecorder } from '../src/telemetry/metrics-recorder.ts';
import { MetricsView } from '../src/telemetry/metrics-view.ts';
import { renderPrometheus } from '../src/telemetry/prometheus.ts';

const ROUNDS = 7;
const REQUESTS = 500_000;
const ROUTES = 100;

const recorder = new MetricsRecorder();
const routes = Array.from({ length: ROUTES }, (_, index) =>
  httpFamilies(recorder, { door: 'gateway', route: `r${index}` }),
);
const upstream = upstreamFamilies(recorder, { upstream: 'http://127.0.0.1:3000' });
connectionFamilies(recorder, { door: 'gateway' });

function recordRequests(): void {
  const { slots } = recorder;
  for (let request = 0; request < REQUESTS; request += 1) {
    const http = routes[request % ROUTES]!;
    const seconds = (request & 255) / 10_000;
    slots[http.inFlight]! += 1;
    slots[http.requests[2]!]! += 1;
    slots[http.requestBytes]! += 10;
    slots[http.responseBytes]! += 1000;
    recorder.observe(http.duration, seconds);
    recorder.observe(http.timeToFirstByte, seconds);
    slots[upstream.requests[2]!]! += 1;
    slots[http.inFlight]! -= 1;
  }
}

function median(measure: () => number): number {
  return Array.from({ length: ROUNDS }, measure).sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}

const nanos = median(() => {
  const start = performance.now();
  recordRequests();
  return ((performance.now() - start) / REQUESTS) * 1e6;
});
console.log(`recording one request                ${nanos.toFixed(0).padStart(8)} ns`);

const view = new MetricsView();
view.attach(recorder.slab, recorder.definitions);
const millis = median(() => {
  const start = performance.now();
  renderPrometheus(view);
  return performance.now() - start;
});
const lines = renderPrometheus(view).split('\n').length;
console.log(`rendering ${ROUTES} routes, ${lines} lines    ${millis.toFixed(2).padStart(8)} ms`);
