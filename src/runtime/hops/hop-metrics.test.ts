import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { changer, hopControl } from '../../../test/support/hop-control.ts';
import { requirePeer } from '../../../test/support/peer.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { renderPrometheus } from '../../telemetry/prometheus.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { hopFamilies } from './hop-metrics.ts';

const CONFIG = configOf({
  hops: {
    corporate: { proxy: 'http://corp.example:8080' },
    exits: {
      breaker: { failures: 1 },
      proxies: [
        { id: 'a', url: 'http://a.example' },
        { id: 'b', url: 'http://b.example', enabled: false },
      ],
    },
  },
});

describe('the metrics of proxies', () => {
  test('tell what other threads have done, by pool and proxy', () => {
    const table = new MemberTable({ capacity: 8 });
    const hops = hopControl({ table });
    hops.follow(CONFIG);
    const a = hopGroups(CONFIG, table).get('exits')?.members[0] ?? assert.fail();
    a.countBytes(10, 20);
    a.end(a.begin(), { kind: 'success', latencyMs: 500 });
    a.end(a.begin(), { kind: 'failure', reason: 'hop_timeout' });
    const view = new MetricsView();
    view.include(() => hopFamilies(hops.proxies()));
    const text = renderPrometheus(view);
    for (const line of [
      'sluice_upstream_up{pool="corporate",upstream="corporate"} 1',
      'sluice_upstream_up{pool="exits",upstream="exits/a"} 0',
      'sluice_upstream_uses_total{pool="exits",upstream="exits/a"} 2',
      'sluice_upstream_sent_bytes_total{pool="exits",upstream="exits/a"} 10',
      'sluice_upstream_received_bytes_total{pool="exits",upstream="exits/a"} 20',
      'sluice_upstream_active{pool="exits",upstream="exits/a"} 0',
      'sluice_upstream_latency_seconds{pool="exits",upstream="exits/a"} 0.5',
      'sluice_breaker_state{pool="exits",upstream="exits/a"} 2',
      'sluice_pool_members{pool="exits",state="open"} 1',
      'sluice_pool_members{pool="exits",state="disabled"} 1',
      'sluice_pool_members{pool="exits",state="up"} 0',
      'sluice_pool_members{pool="corporate",state="up"} 1',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
    assert.ok(!text.includes('sluice_upstream_latency_seconds{pool="corporate"'));
    hops.stop();
  });

  test('have no series of proxies that are gone', async () => {
    const hops = hopControl();
    hops.follow(CONFIG);
    await changer(hops, CONFIG)({ edit: { kind: 'remove', name: 'exits/a' }, persist: false });
    const families = hopFamilies(hops.proxies()).flatMap(({ series }) => [...series.keys()]);
    assert.ok(families.length > 0 && families.every((key) => !key.includes('exits/a')));
    hops.stop();
  });

  test('are clean in the eyes of Prometheus', (t) => {
    const promtool = requirePeer(t, 'promtool');
    if (promtool === undefined) return;
    const hops = hopControl();
    hops.follow(CONFIG);
    const view = new MetricsView();
    view.include(() => hopFamilies(hops.proxies()));
    const checked = spawnSync(promtool, ['check', 'metrics'], { input: renderPrometheus(view), encoding: 'utf8' });
    assert.deepEqual([checked.status, checked.stderr], [0, '']);
    hops.stop();
  });
});
