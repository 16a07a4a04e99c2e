import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveFamily } from './live-family.ts';
import { MetricsView } from './metrics-view.ts';
import { renderPrometheus } from './prometheus.ts';

test('a live family shows what there is at the moment, beside what is recorded', () => {
  const view = new MetricsView();
  let members = ['a', 'b'];
  const definition = { type: 'gauge', name: 'sluice_x', help: 'X.' } as const;
  view.include(() => [
    liveFamily(
      definition,
      members.map((member, index) => [{ member }, index] as const),
    ),
  ]);
  assert.equal(
    renderPrometheus(view),
    '# HELP sluice_x X.\n# TYPE sluice_x gauge\nsluice_x{member="a"} 0\nsluice_x{member="b"} 1\n',
  );
  members = [];
  assert.equal(renderPrometheus(view), '');
});
