// What proxies of hops and backends of routes have in common in the admin API: how they are, what came of a check, and how they are named in a path.

import { z } from '@hono/zod-openapi';
import type { MemberState } from '../../services/balance/member-state.ts';
import type { CheckResult } from '../../services/balance/member.ts';
import type { MemberAnswer, MemberStatsAnswer, MemberTestAnswer } from '../member-answers.ts';

export interface MemberReport {
  readonly weight: number;
  readonly priority: number;
  readonly backup: boolean;
  readonly state: MemberState;
  readonly isHealthy: boolean;
}

type Shape<T> = { [Key in keyof T]: z.ZodType<T[Key]> };

export const memberFields: Shape<Omit<MemberAnswer, 'id'>> = {
  healthy: z.boolean().openapi({ description: 'Neither checks nor uses keep it from being used.' }),
  enabled: z.boolean(),
  draining: z.boolean().openapi({ description: 'It finishes what it has and gets nothing new.' }),
  health: z.enum(['unknown', 'healthy', 'unhealthy']).openapi({ description: 'What the checks say.' }),
  breaker: z.enum(['closed', 'open', 'half_open']),
  obstacle: z.string().nullable().openapi({ description: 'Why it is not used just now.', example: 'cooling' }),
  retry_in_ms: z.number().openapi({ description: 'How long until it is tried again; 0 when nothing is waited for.' }),
  weight: z.int(),
  priority: z.int(),
  backup: z.boolean(),
  last_check: z.iso.datetime().nullable(),
  last_error: z.string().nullable().openapi({ example: 'hop_timeout' }),
  last_error_at: z.iso.datetime().nullable(),
  active: z.int().openapi({ description: 'Requests and tunnels that it carries now.' }),
};

export const memberStatsFields: Shape<MemberStatsAnswer> = {
  total_requests: z.number(),
  success_rate: z.number().nullable().openapi({ description: 'From 0 to 1; null before the first one has ended.' }),
  avg_latency_ms: z.number().nullable(),
};

export const memberIdParam: z.ZodObject<{ id: z.ZodString }> = z.object({
  id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'URL-encoded.', example: 'exits%2Ffr-1' }),
});

export function memberAnswer({ weight, priority, backup, state, isHealthy }: MemberReport): Omit<MemberAnswer, 'id'> {
  return {
    healthy: isHealthy,
    enabled: state.admin !== 'disabled',
    draining: state.admin === 'draining',
    health: state.health,
    breaker: state.breaker,
    obstacle: state.obstacle,
    retry_in_ms: state.retryInMs,
    weight,
    priority,
    backup,
    last_check: timeAgo(state.lastCheckAgoMs),
    last_error: state.lastError,
    last_error_at: timeAgo(state.lastErrorAgoMs),
    active: state.active,
  };
}

export function memberStats(state: MemberState): MemberStatsAnswer {
  const ended = state.successes + state.failures;
  return {
    total_requests: state.uses,
    success_rate: ended === 0 ? null : state.successes / ended,
    avg_latency_ms: state.latencyMs,
  };
}

export function memberTestSchema(nothing: string): z.ZodType<MemberTestAnswer> {
  return z.object({
    id: z.string(),
    passed: z
      .boolean()
      .nullable()
      .openapi({ description: `null: ${nothing}` }),
    latency_ms: z.number().nullable(),
    error: z.string().nullable(),
  });
}

/** null: it could not be got through to. */
export function memberTestAnswer(id: string, result: CheckResult | null): MemberTestAnswer {
  const latency = result?.passed === true ? result.latencyMs : null;
  const error = result?.passed === false ? result.reason : null;
  return { id, passed: result?.passed ?? null, latency_ms: latency, error };
}

function timeAgo(agoMs: number | null): string | null {
  return agoMs === null ? null : new Date(Date.now() - agoMs).toISOString();
}
