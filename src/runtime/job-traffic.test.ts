import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionFamilies, httpFamilies } from '../telemetry/families.ts';
import { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { type MetricsSource, MetricsView } from '../telemetry/metrics-view.ts';
import { JobMeter, type Job, type JobTraffic } from './job-traffic.ts';

/** A meter on real metrics, whose time the test sets. */
class Metered {
  readonly recorder: MetricsRecorder = new MetricsRecorder({
    onDefine: (definition) => this.source.define(definition),
  });
  readonly view = new MetricsView();
  readonly source: MetricsSource = this.view.attach(this.recorder.slab, []);
  nowMs = 0;
  readonly meter = new JobMeter(this.view, () => this.nowMs);

  ended(door: string, route: string, status: number, seconds = 0.03): void {
    const families = httpFamilies(this.recorder, { door, route });
    this.recorder.slots[families.requests[(status / 100) | 0] ?? 0]! += 1;
    this.recorder.observe(families.duration, seconds);
  }

  of(job: Job): JobTraffic {
    return this.meter.read().find((each) => each.job === job) ?? assert.fail();
  }
}

describe('what each job does', () => {
  test('is told apart by the door and by the routes of our own services', () => {
    const metered = new Metered();
    metered.meter.sample();
    for (const [door, route] of [
      ['egress', ''],
      ['gateway', 'api'],
      ['gateway', 'ai/claude'],
      ['gateway', 'agents'],
      ['gateway', 'tunnel'],
      ['tunnels', ''],
      ['inner', 'agents'],
    ] as const) {
      metered.ended(door, route, 200);
    }
    metered.ended('gateway', 'api', 502);
    metered.ended('gateway', 'api', 404);
    const told = metered.meter.read().map(({ job, totalRequests, totalErrors }) => [job, totalRequests, totalErrors]);
    assert.deepEqual(told, [
      ['egress', 1, 0],
      ['gateway', 3, 1],
      ['tunnels', 2, 0],
      ['agents', 1, 0],
      ['ai', 1, 0],
    ]);
  });

  test('has the rate of the last ten seconds, and its course before', () => {
    const metered = new Metered();
    metered.meter.sample();
    for (let count = 0; count < 50; count += 1) metered.ended('gateway', 'api', 500);
    for (const second of [5, 10, 15]) {
      metered.nowMs = second * 1000;
      metered.meter.sample();
    }
    assert.deepEqual(metered.of('gateway').rates, [10, 0, 0]);
    assert.equal(metered.of('gateway').requestsPerSecond, 0);
    metered.ended('gateway', 'api', 200);
    metered.nowMs = 20_000;
    assert.equal(metered.of('gateway').requestsPerSecond, 0.1);
    assert.equal(metered.of('gateway').errorsPerSecond, 0);
  });

  test('has the quantiles of the last minute', () => {
    const metered = new Metered();
    metered.meter.sample();
    assert.equal(metered.of('gateway').p50Ms, null);
    for (let count = 0; count < 98; count += 1) metered.ended('gateway', 'api', 200, 0.003);
    metered.ended('gateway', 'api', 200, 0.6);
    metered.ended('gateway', 'api', 200, 60);
    const { p50Ms, p99Ms } = metered.of('gateway');
    assert.ok(p50Ms !== null && p50Ms > 0 && p50Ms <= 5, String(p50Ms));
    assert.ok(p99Ms !== null && p99Ms >= 500 && p99Ms <= 750, String(p99Ms));
    metered.nowMs = 5_000;
    metered.meter.sample();
    metered.nowMs = 70_000;
    assert.equal(metered.of('gateway').p99Ms, null);
  });

  test('has what clients have open', () => {
    const metered = new Metered();
    metered.recorder.slots[connectionFamilies(metered.recorder, { door: 'egress' }).open] = 3;
    assert.equal(metered.of('egress').openConnections, 3);
    assert.equal(metered.of('ai').openConnections, null);
  });

  test('ends its timer', () => {
    const { meter } = new Metered();
    meter.start();
    meter.stop();
  });
});
