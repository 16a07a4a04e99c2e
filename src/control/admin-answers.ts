// What the admin API answers, as types: all that the command line and the dashboard know of it. Rule: names are those of
// the JSON; fields are added, never renamed.

import type { ConfigProblem } from '../config/problem.ts';
import type { Explanation } from '../runtime/explain/explanation.ts';
import type { NodeAgent } from '../services/agents/other-agents.ts';
import type { MemberAnswer, MemberStatsAnswer } from './member-answers.ts';

export interface HealthAnswer {
  readonly status: 'ok';
}

export interface StatusAnswer {
  readonly state: 'starting' | 'ready' | 'draining' | 'stopped';
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly doors: readonly DoorAnswer[];
  readonly config: {
    readonly files: readonly string[];
    readonly tag: string;
    readonly loaded_at: string;
    readonly needs_restart: readonly string[];
  };
  readonly state_store: StateStoreAnswer;
}

/** Where it is kept what nodes can share. */
export interface StateStoreAnswer {
  /** null: on this machine. */
  readonly server: string | null;
  readonly up: boolean;
  /** This one included. */
  readonly nodes: number;
  /** What does without the server for now. */
  readonly degraded: readonly string[];
  readonly waiting_records: number;
  readonly lost_records: number;
}

export interface DoorAnswer {
  readonly name: string;
  readonly address: string;
  readonly open_connections: number;
}

export interface StatsAnswer {
  readonly uptime_seconds: number;
  readonly total_requests: number;
  readonly requests_per_second: number;
  readonly requests_in_flight: number;
  readonly active_connections: number;
  readonly healthy_proxies: number;
  readonly unhealthy_proxies: number;
}

/** Who has shown a token, or the session that was given for it. */
export interface SessionAnswer {
  readonly user: string;
  readonly version: string;
}

export interface JobAnswer {
  readonly job: 'egress' | 'gateway' | 'tunnels' | 'agents' | 'ai';
  readonly on: boolean;
  readonly total_requests: number;
  readonly total_errors: number;
  readonly requests_per_second: number;
  readonly errors_per_second: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly requests_in_flight: number;
  readonly open_connections: number | null;
  readonly parts: { readonly ready: number; readonly total: number } | null;
  readonly rates: number[];
}

export interface OverviewAnswer {
  readonly at: string;
  readonly uptime_seconds: number;
  readonly jobs: JobAnswer[];
}

export interface ProxyAnswer extends MemberAnswer {
  readonly hop: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https' | 'socks5' | 'socks5h' | 'socks4' | 'socks4a';
  readonly tags: Record<string, string>;
  readonly changed: 'kept' | 'until_restart' | null;
  readonly stats: MemberStatsAnswer & {
    readonly bytes: number;
    readonly bytes_sent: number;
    readonly bytes_received: number;
  };
}

export interface ProxiesAnswer {
  readonly proxies: ProxyAnswer[];
}

export interface ProxyRemovedAnswer {
  readonly id: string;
  readonly removed: true;
  readonly active: number;
}

export interface ConnectionAnswer {
  readonly door: string;
  readonly client: string;
  readonly protocol: 'http1' | 'http2' | 'tunnel';
  /** null, as all down to its age: nothing runs on it. */
  readonly request_id: string | null;
  readonly route: string | null;
  readonly method: string | null;
  readonly destination: string | null;
  readonly user: string | null;
  readonly exit: string | null;
  readonly session: string | null;
  readonly request_age_ms: number | null;
  readonly age_ms: number;
  readonly bytes_received: number | null;
  readonly bytes_sent: number | null;
}

export interface ConnectionsAnswer {
  readonly connections: ConnectionAnswer[];
  readonly total: number;
}

export interface AiAccountAnswer {
  readonly provider: 'claude' | 'chatgpt';
  readonly id: string;
  readonly kind: 'api_key' | 'store';
  readonly file: string | null;
  readonly state: 'ok' | 'expiring' | 'dead' | 'cooling' | 'auth_failed';
  readonly reason: string | null;
  readonly expires_at: string | null;
  readonly readable_by_others: boolean;
  readonly retry_at: string | null;
  readonly weight: number;
  readonly requests: number;
  readonly active: number;
  readonly quota: AiQuotaAnswer[];
}

export interface AiQuotaAnswer {
  readonly window: string;
  readonly left: number;
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resets_at: string;
  readonly minutes: number | null;
}

export interface AiAccountsAnswer {
  readonly accounts: AiAccountAnswer[];
}

export interface AiLimitAnswer {
  readonly limit: string;
  readonly most: number;
  readonly used: number;
  readonly left: number;
  readonly resets_at: string | null;
}

/** What one user may have of AI providers. */
export interface AiUserLimitsAnswer {
  readonly user: string;
  readonly providers: string[] | null;
  readonly models: string[] | null;
  readonly limits: AiLimitAnswer[];
}

export interface AiLimitsAnswer {
  readonly users: AiUserLimitsAnswer[];
}

export type {
  CacheCountsAnswer,
  CacheRouteAnswer,
  CacheStatsAnswer,
  PurgedAnswer,
} from '../services/cache/cache-desk.ts';
export type { NodeAgent as AgentAnswer } from '../services/agents/other-agents.ts';

export interface AgentsAnswer {
  readonly running: number;
  readonly queued: number;
  /** Of the programs that this node has used since its start. */
  readonly programs: AgentProgramAnswer[];
  /** The newest first. */
  readonly agents: NodeAgent[];
  /** The one that answers. */
  readonly node: string;
  /** Nodes that did not say in time what they have. */
  readonly missing: string[];
}

export interface AgentProgramAnswer {
  readonly kind: string;
  readonly program: string;
  readonly version: string | null;
  readonly oldest: string;
  readonly warning: string | null;
}

export interface AgentStartedAnswer {
  readonly agent_id: string;
  readonly pid: number | null;
  readonly status: 'started' | 'queued';
  readonly node: string;
}

/** Sums of what was used of AI providers; the keys are those that were asked for. */
export interface AiUsageLine {
  readonly day?: string | undefined;
  readonly provider?: string | undefined;
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  readonly model?: string | undefined;
  readonly session?: string | undefined;
  readonly requests: number;
  readonly unknown_requests: number;
  readonly cached_requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly cost: number | null;
  readonly unpriced_requests: number;
}

export interface AiUsageAnswer {
  readonly from: string;
  readonly to: string;
  readonly usage: AiUsageLine[];
}

export interface TunnelAnswer {
  readonly name: string;
  readonly node: string | null;
  readonly url: string;
  readonly account: string;
  readonly online: boolean;
  readonly streams_total: number;
  readonly bytes_received: number;
  readonly bytes_sent: number;
  readonly reconnects: number;
  readonly clients: number;
  readonly since: string;
  readonly client: {
    readonly address: string;
    readonly protocol_version: number;
    readonly connected_at: string;
    readonly streams: number;
    readonly streams_total: number;
    readonly bytes_received: number;
    readonly bytes_sent: number;
    readonly round_trip_ms: number | null;
  } | null;
  readonly tcp: {
    readonly port: number;
    readonly connections: number;
    readonly connections_total: number;
    readonly bytes_received: number;
    readonly bytes_sent: number;
  } | null;
}

/** One that this Sluice opens at a server elsewhere. */
export interface ExposedAnswer {
  readonly name: string;
  readonly server: string;
  readonly local: string;
  readonly status: 'connecting' | 'online' | 'ended';
  readonly url: string | null;
  readonly reason: string | null;
  readonly health: { readonly state: 'unknown' | 'healthy' | 'unhealthy'; readonly reason: string | null } | null;
  readonly requests: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

/** What a visitor of a tunnel has asked. */
export interface CapturedAnswer {
  readonly id: number;
  readonly time: string;
  readonly tunnel: string;
  readonly kind: 'http' | 'websocket';
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly duration_ms: number | null;
  readonly request_bytes: number;
  readonly answer_bytes: number;
  readonly replay_of: number | null;
}

export interface CapturedMessage {
  readonly headers: [name: string, value: string][];
  readonly text: string | null;
  readonly base64: string | null;
  readonly cut: boolean;
}

export interface CapturedDetail extends CapturedAnswer {
  readonly request: CapturedMessage;
  readonly answer: CapturedMessage;
}

export interface TunnelsAnswer {
  readonly tunnels: TunnelAnswer[];
  readonly missing_nodes: string[];
}

export interface TunnelLimitsAnswer {
  readonly tunnels: number;
  readonly clients: number;
  readonly streams: number | null;
  readonly requests_per_minute: number | null;
  readonly bytes_per_day: number | null;
}

export interface TunnelAccountAnswer {
  readonly id: string;
  readonly email: string;
  readonly configured: boolean;
  readonly has_token: boolean;
  readonly created_at: string | null;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly limits: TunnelLimitsAnswer;
  /** Those that are its own. */
  readonly own_limits: string[];
  readonly tunnels: string[];
  readonly clients: number;
  readonly streams: number;
  readonly requests_today: number;
  readonly bytes_today: number;
}

export interface TunnelAccountsAnswer {
  readonly accounts: TunnelAccountAnswer[];
  /** What to ask for as `after` to get the next ones; null: these were the last. */
  readonly next: string | null;
}

export interface TunnelTokenAnswer {
  readonly account: string;
  readonly email: string;
  readonly token: string;
  readonly expires_at: string | null;
}

export interface TunnelInvitationAnswer {
  readonly id: string;
  readonly note: string;
  readonly made_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly account: string | null;
}

export interface TunnelInvitationsAnswer {
  readonly invitations: TunnelInvitationAnswer[];
}

export interface TunnelInvitationMadeAnswer extends TunnelInvitationAnswer {
  readonly code: string;
}

export interface ConfigAnswer {
  readonly config: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, string>>;
  readonly warnings: readonly ConfigProblem[];
}

export interface ReloadAnswer {
  readonly tag: string;
  readonly changed: readonly string[];
  readonly needs_restart: readonly string[];
  readonly warnings: readonly ConfigProblem[];
}

/** Of /api/v1/explain; the names are the same within the program. */
export type ExplainAnswer = Explanation;

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly request_id: string;
    /** With `config_invalid`. */
    readonly problems?: readonly ConfigProblem[] | undefined;
  };
}

export interface RequestAnswer {
  readonly number: number;
  readonly request_id: string;
  readonly replay_of: string | null;
  readonly trace_id: string;
  readonly at: string;
  readonly door: string;
  readonly route: string | null;
  readonly client: string;
  readonly user: string | null;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly protocol: string;
  readonly status: number;
  readonly error: string | null;
  readonly upstream: string | null;
  readonly exit: string | null;
  readonly session: string | null;
  readonly attempts: number;
  readonly failed: readonly string[];
  readonly answered_by: string | null;
  readonly bytes_received: number;
  readonly bytes_sent: number;
  readonly duration_ms: number;
  readonly phases: {
    readonly queue: number;
    readonly dns: number;
    readonly connect: number;
    readonly tls: number;
    readonly hops: number;
    readonly wait: number;
    readonly body: number;
  };
}

export interface RequestsAnswer {
  readonly requests: readonly RequestAnswer[];
}

/** What a follower gets at a time, as the data of an event. */
export interface RequestBatchAnswer extends RequestsAnswer {
  readonly missed: number;
}
