// What the admin API answers about the gateway and what is limited, as types. Rule: names are those of the JSON; fields are added, never renamed.

export interface BackendAnswer {
  readonly id: string;
  readonly route: string;
  readonly url: string;
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
  readonly changed: 'until_restart' | null;
  readonly last_check: string | null;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
  readonly active: number;
  readonly stats: {
    readonly total_requests: number;
    readonly success_rate: number | null;
    readonly avg_latency_ms: number | null;
  };
}

export interface BackendsAnswer {
  readonly backends: readonly BackendAnswer[];
}

export interface BackendTestAnswer {
  readonly id: string;
  readonly passed: boolean | null;
  readonly latency_ms: number | null;
  readonly error: string | null;
}

export interface RoutePolicyAnswer {
  readonly kind: string;
  readonly on: boolean;
  readonly place: string;
}

export interface RouteAnswer {
  readonly name: string;
  readonly place: string;
  readonly match: {
    readonly doors: readonly string[];
    readonly hosts: readonly string[];
    readonly paths: readonly string[];
    readonly methods: readonly string[];
    readonly headers: Readonly<Record<string, string>>;
    readonly query: Readonly<Record<string, string>>;
  };
  readonly target: {
    readonly kind: 'backends' | 'redirect' | 'respond' | 'tunnel';
    readonly text: string;
    readonly backends: readonly string[];
    readonly strategy: string | null;
    readonly via: readonly string[];
  };
  readonly policies: readonly RoutePolicyAnswer[];
}

export interface RoutesAnswer {
  readonly routes: readonly RouteAnswer[];
}

export interface LimitSettingAnswer {
  readonly place: string;
  readonly kind: 'rate_limit' | 'limits' | 'connections';
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface LimitHitAnswer {
  readonly limit: string;
  readonly door: string | null;
  readonly route: string | null;
  readonly user: string | null;
  readonly times: number;
  readonly last_at: string;
  readonly now: boolean;
}

export interface LimitsAnswer {
  readonly limits: readonly LimitSettingAnswer[];
  readonly hits: readonly LimitHitAnswer[];
}
