// What the admin API answers about the gateway and what is limited, as types. Rule: names are those of the JSON; fields are added, never renamed.

import type { MemberAnswer, MemberStatsAnswer } from './member-answers.ts';

export interface BackendAnswer extends MemberAnswer {
  readonly route: string;
  readonly url: string;
  readonly changed: 'until_restart' | null;
  readonly stats: MemberStatsAnswer;
}

export interface BackendsAnswer {
  readonly backends: readonly BackendAnswer[];
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
