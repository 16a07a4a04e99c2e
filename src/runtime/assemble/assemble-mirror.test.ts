import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { dryMirrorOf, mirrorOf } from './assemble-mirror.ts';

const { mirror } = configOf({ policies: { mirror: { to: 'http://next:8000', share: '10%' } } }).policies;
assert.ok(mirror);

test('a mirror is counted under the place where it stands, whatever becomes of its copies', () => {
  const recorder = new MetricsRecorder();
  const dns = { resolve: () => {}, cache: new DnsCache() };
  const members = new MemberTable({ capacity: 8 });
  mirrorOf(mirror, 'route api', {
    members,
    recorder,
    threads: 1,
    dns,
    ways: waysOf(configOf({})),
    log: () => {},
    connectMs: 1000,
  });
  const labels = recorder.definitions
    .filter(({ name }) => name === 'sluice_mirrored_requests_total')
    .map((each) => `${each.labels['mirror']} ${each.labels['outcome']}`);
  const outcomes = ['answered', 'failed', 'too_large', 'too_many', 'cut'];
  assert.deepEqual(
    labels,
    outcomes.map((outcome) => `route api ${outcome}`),
  );
});

test('in an explanation nothing is copied', () => {
  assert.deepEqual(dryMirrorOf(mirror), { name: 'mirror', inDryRun: 'copies 10% of the requests to http://next:8000' });
});
