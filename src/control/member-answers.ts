// What the admin API answers about one of several that are chosen among, be it a proxy of a hop or a backend of a route. Types only. Rule: names are
// those of the JSON; fields are added, never renamed.

export interface MemberAnswer {
  readonly id: string;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly draining: boolean;
  readonly health: 'unknown' | 'healthy' | 'unhealthy';
  readonly breaker: 'closed' | 'open' | 'half_open';
  readonly obstacle: string | null;
  readonly retry_in_ms: number;
  readonly weight: number;
  readonly priority: number;
  readonly backup: boolean;
  readonly last_check: string | null;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
  readonly active: number;
}

export interface MemberStatsAnswer {
  readonly total_requests: number;
  readonly success_rate: number | null;
  readonly avg_latency_ms: number | null;
}

/** What came of a check that somebody has asked for. */
export interface MemberTestAnswer {
  readonly id: string;
  readonly passed: boolean | null;
  readonly latency_ms: number | null;
  readonly error: string | null;
}
