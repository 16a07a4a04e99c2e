// The normalised configuration, as every other part of the program sees it. Rule: keys are those of the file, everything
// is filled in, durations are milliseconds, sizes are bytes, rates are per second, paths are absolute; plain JSON.

import type { AgentsConfig } from './schema/agents.ts';
import type { AiConfig } from './schema/ai.ts';
import type { DnsConfig } from './schema/dns.ts';
import type { EgressConfig } from './schema/egress.ts';
import type { GatewayConfig } from './schema/gateway.ts';
import type { Hop } from './schema/hops.ts';
import type { Policies } from './schema/policies.ts';
import type {
  AdminConfig,
  LimitsConfig,
  LogConfig,
  MetricsConfig,
  ProcessConfig,
  TimeoutsConfig,
} from './schema/process.ts';
import type { CacheConfig, ExecConfig } from './schema/services.ts';
import type { TracesConfig } from './schema/traces.ts';
import type { TunnelsConfig } from './schema/tunnels.ts';
import type { UserConfig } from './schema/users.ts';

export interface Config {
  readonly process: ProcessConfig;
  readonly log: LogConfig;
  readonly admin: AdminConfig;
  readonly metrics: MetricsConfig;
  readonly traces: TracesConfig;
  readonly limits: LimitsConfig;
  readonly timeouts: TimeoutsConfig;
  readonly dns: DnsConfig;
  readonly users: readonly UserConfig[];
  readonly policies: Policies;
  readonly egress: EgressConfig;
  readonly hops: Readonly<Record<string, Hop>>;
  readonly gateway: GatewayConfig;
  readonly cache: CacheConfig;
  readonly exec: ExecConfig;
  readonly agents: AgentsConfig;
  readonly ai: AiConfig;
  readonly tunnels: TunnelsConfig;
}
