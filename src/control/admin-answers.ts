// What the admin API answers, as types: all that the command line and the dashboard know of it. Rule: names are those of
// the JSON; fields are added, never renamed.

import type { ConfigProblem } from '../config/problem.ts';
import type { Explanation } from '../runtime/explain/explanation.ts';

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
