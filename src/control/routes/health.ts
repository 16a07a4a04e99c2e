// GET /api/v1/health: is the admin door alive? Rule: it says nothing that needs a token, and asks for none, so that a
// container's health check can use it.

import { createRoute, z } from '@hono/zod-openapi';
import type { HealthAnswer } from '../admin-answers.ts';
import type { AdminApp } from '../admin-env.ts';

const healthSchema: z.ZodType<HealthAnswer> = z.object({ status: z.literal('ok') }).openapi('Health');

const healthRoute = createRoute({
  method: 'get',
  path: '/api/v1/health',
  summary: 'Liveness of the admin door',
  security: [],
  responses: {
    200: { description: 'It is alive.', content: { 'application/json': { schema: healthSchema } } },
  },
});

export function addHealthRoute(app: AdminApp): void {
  app.openapi(healthRoute, (context) => context.json({ status: 'ok' as const }, 200));
}
