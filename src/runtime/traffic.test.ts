import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TrafficMeter } from './traffic.ts';

describe('the traffic in a few numbers', () => {
  const totals: Record<string, number> = {
    sluice_http_requests_total: 0,
    sluice_http_requests_in_flight: 3,
    sluice_connections_open: 5,
  };
  let nowMs = 0;
  const meter = new TrafficMeter({ total: (name) => totals[name] ?? 0 }, () => nowMs);

  test('has no rate before time has passed', () => {
    assert.deepEqual(meter.read(), { totalRequests: 0, requestsPerSecond: 0, requestsInFlight: 3, openConnections: 5 });
    meter.sample();
    assert.equal(meter.read().requestsPerSecond, 0);
  });

  test('has the rate since the start at first, then that of the last ten seconds', () => {
    nowMs = 2_000;
    totals['sluice_http_requests_total'] = 100;
    assert.equal(meter.read().requestsPerSecond, 50);
    for (let second = 3; second <= 13; second++) {
      nowMs = second * 1_000;
      meter.sample();
    }
    assert.equal(meter.read().requestsPerSecond, 0);
    totals['sluice_http_requests_total'] = 190;
    assert.equal(meter.read().requestsPerSecond, 10);
  });

  test('ends its timer', () => {
    meter.start();
    meter.stop();
  });
});
