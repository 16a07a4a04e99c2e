// How many agents run and wait, as metric families, made when somebody asks.
import type { AgentService } from '../../services/agents/agent-service.ts';
import { liveFamily } from '../../telemetry/live-family.ts';
import type { MetricFamily } from '../../telemetry/metrics-view.ts';

const RUNNING = { type: 'gauge', name: 'sluice_agents_running', help: 'Agents that run now.' } as const;
const QUEUED = { type: 'gauge', name: 'sluice_agents_queued', help: 'Agents that wait for their turn.' } as const;

/** None while agents are switched off. */
export function agentGauges(service: Pick<AgentService, 'running' | 'queued'> | null): MetricFamily[] {
  if (service === null) return [];
  return [liveFamily(RUNNING, [[{}, service.running]]), liveFamily(QUEUED, [[{}, service.queued]])];
}
