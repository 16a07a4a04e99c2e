// GET /api/v1/stats: what has gone through and what is open, in a few numbers. Rule: whoever wants them by door, route or
// backend reads the metrics door.

import { createRoute, z } from '@hono/zod-openapi';
import type { StatsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const statsSchema: z.ZodType<StatsAnswer> = z
  .object({
    uptime_seconds: z.number(),
    total_requests: z.int(),
    requests_per_second: z
      .number()
      .openapi({ description: 'Over the last ten seconds, or since the start if that is less.' }),
    requests_in_flight: z.int(),
    active_connections: z.int(),
    healthy_proxies: z.int(),
    unhealthy_proxies: z.int(),
  })
  .openapi('Stats');

const statsRoute = createRoute({
  method: 'get',
  path: '/api/v1/stats',
  summary: 'Traffic in a few numbers',
  responses: {
    200: { description: 'The numbers.', content: { 'application/json': { schema: statsSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addStatsRoute(app: AdminApp, parts: AdminParts): void {
  app.openapi(statsRoute, (context) => {
    const { totalRequests, requestsPerSecond, requestsInFlight, openConnections } = parts.traffic();
    const usable = parts.sluice.hops.proxies().filter(({ state }) => state.admin !== 'disabled');
    const healthy = usable.filter(({ isHealthy }) => isHealthy).length;
    return context.json(
      {
        uptime_seconds: (Date.now() - parts.sluice.startedAtMs) / 1000,
        total_requests: totalRequests,
        requests_per_second: requestsPerSecond,
        requests_in_flight: requestsInFlight,
        active_connections: openConnections,
        healthy_proxies: healthy,
        unhealthy_proxies: usable.length - healthy,
      },
      200,
    );
  });
}
