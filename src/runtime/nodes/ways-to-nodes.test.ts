import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Origin } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { waysOf, waysToNodes } from './ways-to-nodes.ts';

test('a node is asked at its address, which is also what it is called', () => {
  const dialled: Origin[] = [];
  const failures: string[] = [];
  const counts: boolean[] = [];
  const wayTo = waysToNodes({
    node: { secret: 's' },
    dial: (origin, events) => {
      dialled.push(origin);
      events.failed(new SluiceError('upstream_unreachable'));
    },
    log: () => {},
    counted: (isReached) => void counts.push(isReached),
  });
  for (const address of ['tls://10.0.0.5:7946', '10.0.0.6:1', 'tls://10.0.0.5:7946']) {
    const way = wayTo({ id: 'a', address });
    way.dial({
      connected: () => assert.fail('nobody is there'),
      failed: ({ code }) => failures.push(`${way.name} ${code}`),
    });
  }
  assert.deepEqual(
    dialled.map(({ host, port, tls }) => [host, port, tls !== null]),
    [
      ['10.0.0.5', 7946, true],
      ['10.0.0.6', 1, false],
      ['10.0.0.5', 7946, true],
    ],
  );
  assert.deepEqual(counts, [false, false, false]);
  assert.equal(dialled[0], dialled[2]);
  assert.equal(failures[0], '10.0.0.5:7946 upstream_unreachable');
});

test('without process.node there is no way', () => {
  assert.equal(
    waysOf(configOf({}), () => {}, new MetricsRecorder()),
    null,
  );
});
