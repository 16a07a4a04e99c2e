// What hops and backends have in common: strategies, health checks and breakers.

import { z } from 'zod';
import { count, duration, url } from './fields.ts';

export const HOP_STRATEGIES = [
  'round_robin',
  'random',
  'weighted',
  'least_used',
  'least_latency',
  'sticky_hash',
] as const;

export const BACKEND_STRATEGIES = [
  'round_robin',
  'random',
  'weighted',
  'least_used',
  'least_latency',
  'sticky_hash',
  'least_connections',
  'consistent_hash',
] as const;

export interface HealthTiming {
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly unhealthy_after: number;
  readonly healthy_after: number;
}

export interface HopHealth extends HealthTiming {
  readonly url: string;
}

export interface BackendHealth extends HealthTiming {
  readonly path: string;
}

export interface BreakerConfig {
  readonly failures: number;
  readonly successes: number;
  /** Milliseconds. */
  readonly open_for: number;
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
  url: url({ schemes: ['http', 'https'], example: 'https://api.ipify.org', path: true, query: true })
    .prefault('https://api.ipify.org')
    .describe('Fetched through the proxy; any 2xx answer is a success.'),
  ...timing('60s', '10s'),
});

export const backendHealth: z.ZodType<BackendHealth> = z.strictObject({
  path: z
    .string()
    .regex(/^\/\S*$/, 'expected a path that begins with "/"')
    .prefault('/')
    .describe('Fetched from the backend; any 2xx answer is a success.')
    .meta({ samples: ['/healthz'] }),
  ...timing('10s', '2s'),
});

export const breaker: z.ZodType<BreakerConfig> = z.strictObject({
  failures: count(10_000).prefault(5).describe('Failures in a row of real traffic until the member is left alone.'),
  successes: count(10_000).prefault(3).describe('Successes of trial requests until it is back for good.'),
  open_for: duration().prefault('30s').describe('How long it is left alone before the first trial request.'),
});
