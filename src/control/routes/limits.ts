// GET /api/v1/limits: what is limited, and who has run into it lately. Rule: which client it was is in the access log and in the list of requests;
// here it is told which limit, where, and how often.

import { createRoute, z } from '@hono/zod-openapi';
import type { Config } from '../../config/config.ts';
import { formatPath } from '../../config/key-path.ts';
import { policyPlaces } from '../../config/policy-places.ts';
import type { LimitHit } from '../../runtime/events/limit-events.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import type { LimitHitAnswer, LimitsAnswer, LimitSettingAnswer } from '../gateway-answers.ts';

/** Whoever has run into one within that time is still at it. */
const NOW_MS = 10_000;

const limitsSchema: z.ZodType<LimitsAnswer> = z
  .object({
    limits: z.array(
      z.object({
        place: z.string().openapi({ example: 'gateway.routes[0].policies.rate_limit' }),
        kind: z.enum(['rate_limit', 'limits', 'connections']),
        settings: z.record(z.string(), z.unknown()).openapi({ description: 'Rates are per second, sizes in bytes.' }),
      }),
    ),
    hits: z.array(
      z.object({
        limit: z
          .string()
          .openapi({ example: 'too_many_requests', description: 'An error code, or the limit of a user.' }),
        door: z.string().nullable(),
        route: z.string().nullable(),
        user: z.string().nullable(),
        times: z.int().openapi({ description: 'Since the start.' }),
        last_at: z.iso.datetime(),
        now: z.boolean().openapi({ description: 'Within the last ten seconds.' }),
      }),
    ),
  })
  .openapi('Limits');

const limitsRoute = createRoute({
  method: 'get',
  path: '/api/v1/limits',
  summary: 'What is limited, and which limits were hit',
  responses: {
    200: { description: 'The latest hit first.', content: { 'application/json': { schema: limitsSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addLimitsRoute(app: AdminApp, { sluice, limits }: AdminParts): void {
  app.openapi(limitsRoute, (context) => {
    return context.json({ limits: settingsOf(sluice.loaded.config), hits: limits.hits().map(hitAnswer) }, 200);
  });
}

function settingsOf(config: Config): LimitSettingAnswer[] {
  const ofPlaces = policyPlaces(config).flatMap(({ path, policies }) => {
    return (['rate_limit', 'limits'] as const).flatMap((kind): LimitSettingAnswer[] => {
      const settings = policies[kind];
      if (settings === undefined || settings === false) return [];
      return [{ place: formatPath([...path, kind]), kind, settings: { ...settings } }];
    });
  });
  const connections = {
    place: 'limits.connections',
    kind: 'connections',
    settings: { most: config.limits.connections },
  };
  return [...ofPlaces, connections as LimitSettingAnswer];
}

function hitAnswer({ fields, times, lastAtMs }: LimitHit): LimitHitAnswer {
  const { limit = '', door = null, route = null, user = null } = fields;
  const isNow = Date.now() - lastAtMs < NOW_MS;
  return { limit, door, route, user, times, last_at: new Date(lastAtMs).toISOString(), now: isNow };
}
