// GET /api/v1/ai/limits: what users may have of providers of AI, and how much of it they have used. Rule: it tells the state of this moment
// on all threads, and takes nothing.

import { createRoute, z } from '@hono/zod-openapi';
import type { AllowanceReport } from '../../runtime/ai-budgets.ts';
import type { AiLimitAnswer, AiLimitsAnswer, AiUserLimitsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const limitSchema: z.ZodType<AiLimitAnswer> = z
  .object({
    limit: z.string().openapi({ example: 'ai_tokens_per_day', description: 'As the configuration names it.' }),
    most: z.number(),
    used: z.number().openapi({ description: 'May be more: what runs goes on to its end.' }),
    left: z.number(),
    resets_at: z.iso.datetime().nullable().openapi({ description: 'Of budgets: when the day or month is over.' }),
  })
  .openapi('AiLimit');

const userSchema: z.ZodType<AiUserLimitsAnswer> = z
  .object({
    user: z.string().openapi({ description: 'Empty: all who come without a token.' }),
    providers: z.array(z.string()).nullable().openapi({ description: 'null: all.' }),
    models: z.array(z.string()).nullable().openapi({ description: 'null: all.' }),
    limits: z.array(limitSchema),
  })
  .openapi('AiUserLimits');

const answerSchema: z.ZodType<AiLimitsAnswer> = z.object({ users: z.array(userSchema) }).openapi('AiLimits');

const limitsRoute = createRoute({
  method: 'get',
  path: '/api/v1/ai/limits',
  summary: 'What users may have of providers of AI, and how much of it is used',
  request: { query: z.object({ user: z.string().optional().openapi({ description: 'Only this one.' }) }) },
  responses: {
    200: { description: 'Users with limits.', content: { 'application/json': { schema: answerSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addAiLimitsRoute(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(limitsRoute, (context) => {
    const { user } = context.req.valid('query');
    const all = sluice.allowances().filter((report) => user === undefined || report.user === user);
    return context.json({ users: all.map(answerOf) }, 200);
  });
}

function answerOf({ user, providers, models, limits }: AllowanceReport): AiUserLimitsAnswer {
  return {
    user,
    providers: providers === null ? null : [...providers],
    models: models === null ? null : [...models],
    limits: limits.map(({ key, most, used, freeAtMs }) => ({
      limit: key,
      most,
      used,
      left: Math.max(0, most - used),
      resets_at: freeAtMs === null ? null : new Date(freeAtMs).toISOString(),
    })),
  };
}
