import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connectionFamilies, httpFamilies, poolFamilies, programFamilies, upstreamFamilies } from './families.ts';
import { MetricsRecorder } from './metrics-recorder.ts';
import { processMetrics, threadMetrics } from './process-metrics.ts';

describe('the families of the data path', () => {
  test('a status counts in its class, and an impossible one nowhere', () => {
    const recorder = new MetricsRecorder();
    const { requests } = httpFamilies(recorder, { door: 'gateway', route: 'api' });
    for (const status of [200, 204, 404, 0, 700, 999]) recorder.slots[requests[(status / 100) | 0]!]! += 1;
    const counts = recorder.definitions
      .filter(({ name }) => name === 'sluice_http_requests_total')
      .map(({ labels, slot }) => [labels['code'], recorder.slots[slot]]);
    assert.deepEqual(counts, [
      ['1xx', 0],
      ['2xx', 2],
      ['3xx', 0],
      ['4xx', 1],
      ['5xx', 0],
    ]);
  });

  test('a series for an error appears with the first one and is the same from then on', () => {
    const recorder = new MetricsRecorder();
    const { errors } = upstreamFamilies(recorder, { upstream: 'a' });
    const before = recorder.definitions.length;
    assert.equal(errors('upstream_reset'), errors('upstream_reset'));
    assert.equal(recorder.definitions.length, before + 1);
    assert.deepEqual(recorder.definitions.at(-1)?.labels, { upstream: 'a', reason: 'upstream_reset' });
  });

  test('a program that is built again counts on in the same slots', () => {
    const recorder = new MetricsRecorder();
    const labels = { door: 'gateway', route: 'api' };
    const { errors: _, ...first } = httpFamilies(recorder, labels);
    const { errors: __, ...second } = httpFamilies(recorder, labels);
    assert.deepEqual(first, second);
  });

  test('the credentials of an upstream do not become a label', () => {
    const recorder = new MetricsRecorder();
    upstreamFamilies(recorder, { upstream: 'http://user:pass@10.0.0.1' });
    assert.ok(recorder.definitions.every(({ labels }) => labels['upstream'] === 'http://***@10.0.0.1'));
  });

  test('the failures of a pool are told by member, as long as these are few', () => {
    const recorder = new MetricsRecorder();
    const pool = poolFamilies(recorder, { pool: 'exits', policy: 'random' }, (member) => `exits/${member}`);
    assert.equal(pool.failures('fr-1', 'hop_timeout'), pool.failures('fr-1', 'hop_timeout'));
    for (let member = 0; member < 3000; member += 1) pool.failures(`m${member}`, 'hop_timeout');
    const failing = recorder.definitions.filter(({ name }) => name === 'sluice_upstream_failures_total');
    assert.deepEqual(failing[0]?.labels, { pool: 'exits', upstream: 'exits/fr-1', reason: 'hop_timeout' });
    assert.deepEqual(failing.at(-1)?.labels, { pool: 'exits', upstream: 'exits', reason: 'hop_timeout' });
    assert.ok(failing.length <= 2001);
    assert.equal(pool.ejections('opened'), pool.ejections('opened'));
  });

  test('every family is described in the guide', () => {
    const recorder = new MetricsRecorder();
    const http = httpFamilies(recorder, { door: 'gateway', route: 'api' });
    const upstream = upstreamFamilies(recorder, { upstream: 'a' });
    for (const slotOf of [http.errors, upstream.errors, upstream.retries]) slotOf('internal');
    connectionFamilies(recorder, { door: 'gateway' });
    const pool = poolFamilies(recorder, { pool: 'exits', policy: 'random' }, (member) => member);
    pool.failures('a', 'internal');
    pool.ejections('opened');
    programFamilies(recorder);
    threadMetrics(recorder)();
    processMetrics(recorder, '1.2.3')();
    const guide = readFileSync(new URL('../../docs/guide-observability.md', import.meta.url), 'utf8');
    const missing = recorder.definitions.map(({ name }) => name).filter((name) => !guide.includes(`\`${name}\``));
    assert.deepEqual([...new Set(missing)], []);
  });
});
