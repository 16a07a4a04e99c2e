import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { countingEars } from './hop-telemetry.ts';

test('failures, ejections and rotations of hops are counted by pool', () => {
  const recorder = new MetricsRecorder();
  const config = configOf({
    hops: {
      exits: {
        strategy: 'random',
        breaker: { failures: 1 },
        proxies: [
          { id: 'a', url: 'http://h:1' },
          { id: 'b', url: 'http://h:2' },
        ],
      },
    },
  });
  const group = hopGroups(
    config,
    new MemberTable(),
    countingEars(recorder, () => {}),
  ).get('exits');
  const [a, b] = group?.members ?? [];
  assert.ok(group !== undefined && a !== undefined && b !== undefined);
  for (const other of [a, b, a]) group.pick({ exclude: new Set([other]) });
  a.end(a.begin(), { kind: 'failure', reason: 'hop_timeout' });
  const counted = recorder.definitions.map(({ name, labels, slot }) => {
    return [name, Object.values(labels).join(' '), recorder.slots[slot]];
  });
  assert.deepEqual(counted, [
    ['sluice_rotation_total', 'exits random', 2],
    ['sluice_upstream_failures_total', 'exits exits/a hop_timeout', 1],
    ['sluice_upstream_ejections_total', 'exits opened', 1],
  ]);
});
