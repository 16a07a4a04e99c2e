// GET /api/v1/overview: how each of the five jobs does, in one answer small enough to be asked for every few seconds. Rule: it is for people who
// look; whoever alerts on numbers reads the metrics door.

import { createRoute, z } from '@hono/zod-openapi';
import type { Job } from '../../runtime/job-traffic.ts';
import type { JobAnswer, OverviewAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const jobSchema: z.ZodType<JobAnswer> = z
  .object({
    job: z.enum(['egress', 'gateway', 'tunnels', 'agents', 'ai']),
    on: z.boolean().openapi({ description: 'The config switches it on.' }),
    total_requests: z.int(),
    total_errors: z.int().openapi({ description: 'Answers with a status from 500 on.' }),
    requests_per_second: z.number().openapi({ description: 'Over the last ten seconds.' }),
    errors_per_second: z.number(),
    p50_ms: z.number().nullable().openapi({ description: 'Of the last minute; null: nothing has ended in it.' }),
    p99_ms: z.number().nullable(),
    requests_in_flight: z.int(),
    open_connections: z.int().nullable().openapi({ description: 'null: not told apart from those of the gateway.' }),
    parts: z.object({ ready: z.int(), total: z.int() }).nullable().openapi({
      description: 'Proxies, backends, tunnels, accounts that are usable; agents that run and that wait or run.',
    }),
    rates: z.array(z.number()).openapi({ description: 'Requests per second each five seconds, the oldest first.' }),
  })
  .openapi('Job');

const overviewSchema: z.ZodType<OverviewAnswer> = z
  .object({ at: z.iso.datetime(), uptime_seconds: z.number(), jobs: z.array(jobSchema) })
  .openapi('Overview');

const overviewRoute = createRoute({
  method: 'get',
  path: '/api/v1/overview',
  summary: 'How each job does',
  responses: {
    200: { description: 'The five jobs.', content: { 'application/json': { schema: overviewSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addOverviewRoute(app: AdminApp, parts: AdminParts): void {
  app.openapi(overviewRoute, (context) => {
    const jobs = parts.jobs().map((traffic): JobAnswer => {
      return {
        job: traffic.job,
        on: isOn(traffic.job, parts),
        total_requests: traffic.totalRequests,
        total_errors: traffic.totalErrors,
        requests_per_second: rounded(traffic.requestsPerSecond),
        errors_per_second: rounded(traffic.errorsPerSecond),
        p50_ms: traffic.p50Ms === null ? null : rounded(traffic.p50Ms),
        p99_ms: traffic.p99Ms === null ? null : rounded(traffic.p99Ms),
        requests_in_flight: traffic.requestsInFlight,
        open_connections: traffic.openConnections,
        parts: partsOf(traffic.job, parts),
        rates: traffic.rates.map(rounded),
      };
    });
    const nowMs = Date.now();
    const uptime = (nowMs - parts.sluice.startedAtMs) / 1000;
    return context.json({ at: new Date(nowMs).toISOString(), uptime_seconds: uptime, jobs }, 200);
  });
}

function isOn(job: Job, { sluice }: AdminParts): boolean {
  const { egress, gateway, tunnels, agents, exec, ai } = sluice.loaded.config;
  const on: Readonly<Record<Job, boolean>> = {
    egress: egress.listen.length > 0,
    gateway: gateway.listen.length > 0,
    tunnels: tunnels.server.enabled || tunnels.client.tunnels.length > 0,
    agents: agents.enabled || exec.enabled,
    ai: ai.enabled,
  };
  return on[job];
}

function partsOf(job: Job, { sluice }: AdminParts): JobAnswer['parts'] {
  const parts: Readonly<Record<Job, () => JobAnswer['parts']>> = {
    egress: () => {
      const usable = sluice.hops.proxies().filter(({ state }) => state.admin !== 'disabled');
      return shareOf(usable, isHealthy);
    },
    gateway: () => shareOf(sluice.backends.members(), isHealthy),
    tunnels: () =>
      sumOf(
        shareOf(sluice.tunnels.reports(), ({ client }) => client !== null),
        shareOf(sluice.exposed.reports(), ({ status }) => status === 'online'),
      ),
    ai: () => shareOf(sluice.accounts.reports(), ({ state }) => state === 'ok' || state === 'expiring'),
    agents: () => {
      const { service } = sluice.agents;
      return service === null ? null : { ready: service.running, total: service.running + service.queued };
    },
  };
  return parts[job]();
}

function isHealthy(member: { readonly isHealthy: boolean }): boolean {
  return member.isHealthy;
}

function shareOf<T>(all: readonly T[], isReady: (one: T) => boolean): NonNullable<JobAnswer['parts']> {
  return { ready: all.filter(isReady).length, total: all.length };
}

function sumOf(...shares: readonly NonNullable<JobAnswer['parts']>[]): NonNullable<JobAnswer['parts']> {
  return {
    ready: shares.reduce((sum, { ready }) => sum + ready, 0),
    total: shares.reduce((sum, { total }) => sum + total, 0),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
