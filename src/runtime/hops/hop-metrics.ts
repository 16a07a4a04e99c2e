// The proxies of hops and the backends of routes as metric families, made from their state when somebody asks. Rule: labels are names of the configuration
// and of the API; a proxy that is gone leaves no series behind.
import { liveFamily, type LiveDefinition } from '../../telemetry/live-family.ts';
import type { MetricLabels } from '../../telemetry/metric-definition.ts';
import type { MetricFamily } from '../../telemetry/metrics-view.ts';
import type { ProxyReport } from './hop-desk.ts';

/** What is told of a member of any pool. */
export interface PoolMemberReport extends Pick<ProxyReport, 'hop' | 'name' | 'state' | 'isHealthy'> {
  /** It answers itself; the bytes are those of its requests, and counted with them. */
  readonly isBackend?: boolean;
}

interface MemberFigure extends LiveDefinition {
  /** null: nothing is known yet. */
  readonly read: (report: PoolMemberReport) => number | null;
}

const BREAKER_STATES = { closed: 0, half_open: 1, open: 2 } as const;

const FIGURES: readonly MemberFigure[] = [
  {
    type: 'gauge',
    name: 'sluice_upstream_up',
    help: 'Whether neither failing checks nor an open breaker nor refused credentials keep a member from being used.',
    read: ({ isHealthy }) => (isHealthy ? 1 : 0),
  },
  {
    type: 'counter',
    name: 'sluice_upstream_uses_total',
    help: 'Requests and tunnels given to a member of a pool.',
    read: ({ state }) => state.uses,
  },
  {
    type: 'counter',
    name: 'sluice_upstream_sent_bytes_total',
    help: 'Bytes sent through a member of a pool.',
    read: ({ state, isBackend }) => (isBackend === true ? null : state.bytesSent),
  },
  {
    type: 'counter',
    name: 'sluice_upstream_received_bytes_total',
    help: 'Bytes received through a member of a pool.',
    read: ({ state, isBackend }) => (isBackend === true ? null : state.bytesReceived),
  },
  {
    type: 'gauge',
    name: 'sluice_upstream_active',
    help: 'Requests and tunnels that a member of a pool carries now.',
    read: ({ state }) => state.active,
  },
  {
    type: 'gauge',
    name: 'sluice_upstream_latency_seconds',
    help: 'Moving average of the time to a connection through a proxy, or to the answer of a backend.',
    read: ({ state }) => (state.latencyMs === null ? null : state.latencyMs / 1000),
  },
  {
    type: 'gauge',
    name: 'sluice_breaker_state',
    help: 'Circuit breaker of a member of a pool: 0 closed, 1 half-open, 2 open.',
    read: ({ state }) => BREAKER_STATES[state.breaker],
  },
];

const POOL_MEMBERS = { type: 'gauge', name: 'sluice_pool_members', help: 'Members of a pool, by state.' } as const;
const POOL_STATES = ['up', 'cooling', 'unhealthy', 'open', 'auth_failed', 'draining', 'disabled'] as const;

type PoolState = (typeof POOL_STATES)[number];

export function hopFamilies(reports: readonly PoolMemberReport[]): MetricFamily[] {
  const labelled = reports.map((report) => [{ pool: report.hop, upstream: report.name }, report] as const);
  const members = FIGURES.map(({ read, ...definition }) => {
    const readings = labelled.flatMap(([labels, report]): [MetricLabels, number][] => {
      const value = read(report);
      return value === null ? [] : [[labels, value]];
    });
    return liveFamily(definition, readings);
  });
  return [...members, liveFamily(POOL_MEMBERS, poolReadings(reports))];
}

/** Every state of every pool, so that one which nobody is in reads 0. */
function poolReadings(reports: readonly PoolMemberReport[]): [MetricLabels, number][] {
  const pools = new Map<string, Map<PoolState, number>>();
  for (const report of reports) {
    const counts = pools.get(report.hop) ?? new Map<PoolState, number>();
    const state = stateOf(report);
    pools.set(report.hop, counts.set(state, (counts.get(state) ?? 0) + 1));
  }
  return [...pools].flatMap(([pool, counts]) =>
    POOL_STATES.map((state): [MetricLabels, number] => [{ pool, state }, counts.get(state) ?? 0]),
  );
}

function stateOf({ state, isHealthy }: PoolMemberReport): PoolState {
  if (state.admin !== 'enabled') return state.admin;
  if (state.authFailed) return 'auth_failed';
  if (state.health === 'unhealthy') return 'unhealthy';
  if (!isHealthy) return 'open';
  return state.obstacle === 'cooling' ? 'cooling' : 'up';
}
