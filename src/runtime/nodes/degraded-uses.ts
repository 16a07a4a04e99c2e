// Which uses of the state that nodes share do without it now. Rule: it is what the threads have recorded, and nothing else.
import type { MetricsView } from '../../telemetry/metrics-view.ts';
import { DEGRADED } from '../../telemetry/state-families.ts';

export function degradedUses(view: MetricsView): string[] {
  const uses: string[] = [];
  for (const { definition, series } of view.families()) {
    if (definition.name !== DEGRADED) continue;
    for (const one of series.values()) if ((one.read()[0] ?? 0) > 0) uses.push(one.labels['use'] ?? '');
  }
  return uses.toSorted();
}
