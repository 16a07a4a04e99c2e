// Where it is kept what nodes can share, as metric families, made when somebody asks. Rule: a server that is not reached reads 0; where there
// is none, nobody has to look.
import type { UsageState } from '../services/usage/usage-book.ts';
import { liveFamily } from '../telemetry/live-family.ts';
import type { MetricLabels } from '../telemetry/metric-definition.ts';
import type { MetricFamily } from '../telemetry/metrics-view.ts';

const UP = {
  type: 'gauge',
  name: 'sluice_state_up',
  help: 'Whether the Redis server of process.state is reached and takes what it is given: 1 or 0.',
} as const;

const WAITING = {
  type: 'gauge',
  name: 'sluice_state_waiting_records',
  help: 'Requests to AI providers whose usage waits on this machine until Redis takes it.',
} as const;

const LOST = {
  type: 'counter',
  name: 'sluice_ai_usage_lost_total',
  help: 'Requests to AI providers whose usage found no room while it could not be written.',
} as const;

const NO_LABELS: MetricLabels = {};

export function stateFamilies({ server, isUp, waitingRows, lostRows }: UsageState): MetricFamily[] {
  const shared = server === null ? [] : [liveFamily(UP, [[NO_LABELS, isUp ? 1 : 0]])];
  const waiting = server === null ? [] : [liveFamily(WAITING, [[NO_LABELS, waitingRows]])];
  return [...shared, ...waiting, liveFamily(LOST, [[NO_LABELS, lostRows]])];
}
