import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TrafficMeter } from './traffic.ts';

/** A meter whose numbers and whose time the test sets. */
class Metered {
  readonly totals: Record<string, number> = {
    sluice_http_requests_total: 0,
    sluice_http_requests_in_flight: 3,
    sluice_connections_open: 5,
  };
  nowMs = 0;
  readonly meter = new TrafficMeter({ total: (name) => this.totals[name] ?? 0 }, () => this.nowMs);
}

describe('the traffic in a few numbers', () => {
  test('has no rate before time has passed', () => {
    const { meter } = new Metered();
    assert.deepEqual(meter.read(), { totalRequests: 0, requestsPerSecond: 0, requestsInFlight: 3, openConnections: 5 });
    meter.sample();
    assert.equal(meter.read().requestsPerSecond, 0);
  });

  test('has the rate since the start at first, then that of the last ten seconds', () => {
    const metered = new Metered();
    const { meter, totals } = metered;
    meter.sample();
    metered.nowMs = 2_000;
    totals['sluice_http_requests_total'] = 100;
    assert.equal(meter.read().requestsPerSecond, 50);
    for (let second = 3; second <= 13; second++) {
      metered.nowMs = second * 1_000;
      meter.sample();
    }
    assert.equal(meter.read().requestsPerSecond, 0);
    totals['sluice_http_requests_total'] = 190;
    assert.equal(meter.read().requestsPerSecond, 10);
  });

  test('ends its timer', () => {
    const { meter } = new Metered();
    meter.start();
    meter.stop();
  });
});
