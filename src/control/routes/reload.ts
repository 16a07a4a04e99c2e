// POST /api/v1/reload: load the config again. Rule: a config that is not valid changes nothing; the answer says what is
// wrong with it, all of it at once.

import { createRoute, z } from '@hono/zod-openapi';
import type { ReloadAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse, problemSchema } from '../admin-errors.ts';

const reloadSchema: z.ZodType<ReloadAnswer> = z
  .object({
    tag: z.string().openapi({ description: 'Names the config that is in force now.' }),
    changed: z.array(z.string()).openapi({ description: 'Keys whose value is another one now.' }),
    needs_restart: z
      .array(z.string())
      .openapi({ description: 'Changed keys that take effect only at the next start.' }),
    warnings: z.array(problemSchema),
  })
  .openapi('Reload');

const reloadRoute = createRoute({
  method: 'post',
  path: '/api/v1/reload',
  summary: 'Load the config again',
  request: {
    query: z.object({
      all_nodes: z.enum(['true', 'false']).optional().openapi({
        description: '`true`: every node that shares the Redis of `process.state` loads its own config again, too.',
      }),
    }),
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag of the config that you have read.' }),
    }),
  },
  responses: {
    200: {
      description: 'The new config is in force.',
      headers: { ETag: { schema: { type: 'string' } } },
      content: { 'application/json': { schema: reloadSchema } },
    },
    401: errorResponse('No valid token.'),
    403: errorResponse('The request comes from another site.'),
    412: errorResponse('The config in force is not the one of If-Match any more.'),
    422: errorResponse('The config is not valid. The old one stays in force.'),
    503: errorResponse('Sluice is shutting down, or has loaded its config and cannot tell the other nodes.'),
  },
});

export function addReloadRoute(app: AdminApp, parts: AdminParts): void {
  app.openapi(reloadRoute, async (context) => {
    const ifMatch = readTag(context.req.valid('header')['if-match']);
    if (ifMatch !== undefined) context.header('ETag', `"${parts.sluice.configTag}"`);
    const allNodes = context.req.valid('query').all_nodes === 'true';
    const outcome = await parts.sluice.reload({
      trigger: 'api',
      ...(ifMatch !== undefined && { ifMatch }),
      ...(allNodes && { allNodes }),
    });
    const { tag, changed, needsRestart, warnings } = outcome;
    context.header('ETag', `"${tag}"`);
    return context.json({ tag, changed: [...changed], needs_restart: [...needsRestart], warnings }, 200);
  });
}

/** The tag inside an entity tag; `*` fits every config. A tag of another form fits none. */
function readTag(field: string | undefined): string | undefined {
  if (field === undefined || field.trim() === '*') return undefined;
  return /^"(.*)"$/.exec(field.trim())?.[1] ?? field;
}
