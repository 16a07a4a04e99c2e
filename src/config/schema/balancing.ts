// What hops and backends have in common: strategies, health checks and breakers.

import { z } from 'zod';
import { count, duration, oneOrMany, share, statusCode, url } from './fields.ts';

/** How the member for a request is chosen, the same for hops, backends and accounts. */
export const STRATEGIES = [
  'round_robin',
  'random',
  'weighted',
  'adaptive',
  'least_used',
  'least_latency',
  'least_connections',
  'sticky_hash',
  'consistent_hash',
] as const;

export type Strategy = (typeof STRATEGIES)[number];

export interface HealthTiming {
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly unhealthy_after: number;
  readonly healthy_after: number;
}

export interface HopHealth extends HealthTiming {
  readonly url: readonly string[];
  /** How many of several URLs have to answer. */
  readonly need: 'any' | 'all';
}

export interface BackendHealth extends HealthTiming {
  readonly path: string;
  /** Empty = any 2xx. */
  readonly status: readonly number[];
}

export interface BreakerConfig {
  readonly failures: number;
  readonly successes: number;
  /** Milliseconds. */
  readonly open_for: number;
  /** Milliseconds. */
  readonly max_open_for: number;
  readonly half_open_trials: number;
  /** null = only failures in a row count. */
  readonly failure_rate: FailureRate | null;
}

export interface FailureRate {
  /** From 0 to 1. */
  readonly share: number;
  /** Milliseconds. */
  readonly window: number;
  readonly min_requests: number;
}

export interface OutlierRule {
  /** From 0 to 1. */
  readonly above_others: number;
  readonly min_requests: number;
}

function timing(interval: string, timeout: string) {
  return {
    interval: duration({ min: '100ms' }).prefault(interval).describe('The time between two checks of one member.'),
    timeout: duration().prefault(timeout).describe('A check that takes longer has failed.'),
    unhealthy_after: count(1000).prefault(3).describe('Failures in a row until a member gets no more traffic.'),
    healthy_after: count(1000).prefault(2).describe('Successes in a row until it gets traffic again.'),
  };
}

export const hopHealth: z.ZodType<HopHealth> = z.strictObject({
  url: oneOrMany(url({ schemes: ['http', 'https'], example: 'https://api.ipify.org', path: true, query: true }))
    .refine((urls) => urls.length > 0, 'expected at least one URL')
    .prefault('https://api.ipify.org')
    .describe('Fetched through the proxy, and through the hops before it; any 2xx answer is a success. Or a list.')
    .meta({ samples: ['https://api.ipify.org'] }),
  need: z.enum(['any', 'all']).prefault('any').describe('Of several URLs: must one of them answer, or every one?'),
  ...timing('60s', '10s'),
});

export const backendHealth: z.ZodType<BackendHealth> = z.strictObject({
  path: z
    .string()
    .regex(/^\/\S*$/, 'expected a path that begins with "/"')
    .prefault('/')
    .describe('Fetched from the backend. The path of its URL is not put before it.')
    .meta({ samples: ['/healthz'] }),
  status: oneOrMany(statusCode())
    .prefault([])
    .describe('The statuses that are a success: one, or a list. Without any: every 2xx.')
    .meta({ samples: [204] }),
  ...timing('10s', '2s'),
});

const failureRate: z.ZodType<FailureRate> = z.strictObject({
  share: share().prefault('50%').describe('The share of requests that has to fail.'),
  window: duration({ min: '1s' }).prefault('30s').describe('The time that is looked at.'),
  min_requests: count(1_000_000).prefault(20).describe('Fewer requests than this in that time say nothing.'),
});

export const outliers: z.ZodType<OutlierRule> = z.strictObject({
  above_others: share()
    .prefault('30%')
    .describe('By how many points more of its requests fail than of those of the others.'),
  min_requests: count(1_000_000).prefault(20).describe('Fewer requests than this say nothing.'),
});

export const breaker: z.ZodType<BreakerConfig> = z
  .strictObject({
    failures: count(10_000).prefault(5).describe('Failures in a row of real traffic until the member is left alone.'),
    successes: count(10_000).prefault(3).describe('Successes of trial requests until it is back for good.'),
    open_for: duration().prefault('30s').describe('How long it is left alone before the first trial request.'),
    max_open_for: duration()
      .exactOptional()
      .describe('The time doubles with every trial that fails, up to this. Without it: ten times `open_for`.')
      .meta({ samples: ['5m'] }),
    half_open_trials: count(1000).prefault(1).describe('How many trial requests may be under way at once.'),
    failure_rate: failureRate
      .nullable()
      .prefault({})
      .describe(
        'It is also left alone when too large a share of its requests fails. `null`: only failures in a row count.',
      ),
  })
  .transform(({ max_open_for: longest, ...rest }, context): BreakerConfig => {
    if (longest !== undefined && longest < rest.open_for) {
      const message = '"max_open_for" is the most that "open_for" grows to, and cannot be less';
      context.issues.push({ code: 'custom', message, input: longest });
    }
    return { ...rest, max_open_for: longest ?? Math.max(rest.open_for, Math.min(rest.open_for * 10, LONGEST_OPEN_MS)) };
  });

const LONGEST_OPEN_MS = 24 * 60 * 60 * 1000;
