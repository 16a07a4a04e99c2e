// GET /api/v1/config: the config in force, every default filled in, and where each value came from. Rule: secrets are
// masked before they get here; the ETag names the config, so that a reload can insist on the one that was read.

import { createRoute, z } from '@hono/zod-openapi';
import { maskConfig } from '../../config/mask.ts';
import type { ConfigAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse, problemSchema } from '../admin-errors.ts';

const configSchema: z.ZodType<ConfigAnswer> = z
  .object({
    config: z.record(z.string(), z.unknown()).openapi({ description: 'Durations are milliseconds, sizes bytes.' }),
    origins: z
      .record(z.string(), z.string())
      .openapi({ description: 'Key → where its value comes from. A key that is not here has its default.' }),
    warnings: z.array(problemSchema),
  })
  .openapi('Config');

const configRoute = createRoute({
  method: 'get',
  path: '/api/v1/config',
  summary: 'The config in force, secrets masked',
  responses: {
    200: {
      description: 'The config.',
      headers: { ETag: { schema: { type: 'string' } } },
      content: { 'application/json': { schema: configSchema } },
    },
    304: { description: 'It is still the one of If-None-Match.' },
    401: errorResponse('No valid token.'),
  },
});

export function addConfigRoute(app: AdminApp, parts: AdminParts): void {
  app.openapi(configRoute, (context) => {
    const { sluice } = parts;
    const etag = `"${sluice.configTag}"`;
    context.header('ETag', etag);
    if (context.req.header('If-None-Match') === etag) return context.body(null, 304);
    const { loaded } = sluice;
    const origins = Object.fromEntries(loaded.origins);
    return context.json({ config: { ...maskConfig(loaded) }, origins, warnings: loaded.warnings }, 200);
  });
}
