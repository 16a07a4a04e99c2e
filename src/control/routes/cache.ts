// The cache: how it does, and what is to be gone from it. Rule: under both names of the path it is the same; what is purged is gone for
// all threads when the answer comes.

import { createRoute, z } from '@hono/zod-openapi';
import type { CacheCountsAnswer, CacheRouteAnswer, CacheStatsAnswer, PurgedAnswer } from '../admin-answers.ts';
import { purgeWish } from '../../services/cache/purge-wish.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const PATHS = ['/api/v1/cache', '/admin/cache'] as const;

const counts = {
  hits: z.int(),
  misses: z.int(),
  stale: z.int().openapi({ description: 'Of the hits: given though they were not fresh.' }),
  coalesced: z.int().openapi({ description: 'Got the answer that somebody else was fetching.' }),
  stored: z.int(),
  evictions: z.int(),
  purged: z.int(),
  served_bytes: z.int(),
  hit_ratio: z
    .number()
    .nullable()
    .openapi({ description: 'Hits and coalesced, of all; null: nothing was looked for.' }),
} satisfies Record<keyof CacheCountsAnswer, z.ZodType>;

const routeSchema: z.ZodType<CacheRouteAnswer> = z.object({ route: z.string(), ...counts }).openapi('CacheRoute');

const statsSchema: z.ZodType<CacheStatsAnswer> = z
  .object({
    entries: z.int().openapi({ description: 'Answers that are kept.' }),
    bytes: z.int().openapi({ description: 'What they take, with all that is known of them.' }),
    max_bytes: z.int(),
    disk_bytes: z.int().openapi({ description: 'What lies on the disk beside that.' }),
    ...counts,
    routes: z.array(routeSchema),
  })
  .openapi('CacheStats');

const purgedSchema: z.ZodType<PurgedAnswer> = z
  .object({ purged: z.int().openapi({ description: 'How many answers were meant.' }), soft: z.boolean() })
  .openapi('CachePurged');

const text = (description: string): z.ZodOptional<z.ZodString> => z.string().optional().openapi({ description });

const purgeQuery = z.object({
  url: text('This one, as it was asked for; without a scheme, both.'),
  prefix: text('All that begin so.'),
  pattern: text('All of hosts that look like this; `*` stands for anything: `*.example.com`.'),
  tag: text('All that are marked so in `Surrogate-Key` or `Cache-Tag`.'),
  all: text('Everything: `true`.'),
  soft: text('`true`: what is meant counts as stale, and is asked for again, instead of being gone.'),
});

const statsRoute = (path: string) =>
  createRoute({
    method: 'get',
    path: `${path}/stats`,
    summary: 'How the cache does, as a whole and by route',
    responses: {
      200: { description: 'Since it was opened.', content: { 'application/json': { schema: statsSchema } } },
      401: errorResponse('No valid token.'),
    },
  });

const purgeRoute = (path: string) =>
  createRoute({
    method: 'delete',
    path,
    summary: 'Purge what is kept, in one of these ways',
    request: { query: purgeQuery },
    responses: {
      200: { description: 'It is gone, or stale.', content: { 'application/json': { schema: purgedSchema } } },
      401: errorResponse('No valid token.'),
      422: errorResponse('It does not say what, or says it in more than one way.'),
    },
  });

export function addCacheRoutes(app: AdminApp, { sluice: { cache } }: AdminParts): void {
  for (const path of PATHS) {
    app.openapi(statsRoute(path), (context) => context.json(cache.stats(), 200));
    app.openapi(purgeRoute(path), (context) => {
      const { searchParams } = new URL(context.req.url);
      return context.json(cache.purge(purgeWish(searchParams)), 200);
    });
  }
}
