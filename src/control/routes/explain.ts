// GET /api/v1/explain: what would become of a request, and why. Rule: a dry run; it changes nothing and tells no secret.

import { createRoute, z } from '@hono/zod-openapi';
import { fieldOfLine } from '../../runtime/explain/explain.ts';
import type { Question } from '../../runtime/explain/explanation.ts';
import type { ExplainAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const explainSchema: z.ZodType<ExplainAnswer> = z
  .object({
    door: z.object({ name: z.enum(['egress', 'gateway']), listen: z.array(z.string()), why: z.string() }),
    request: z.string().openapi({ example: 'CONNECT example.com:443' }),
    from: z.string(),
    user: z.string().nullable(),
    session: z.string().nullable(),
    policies: z
      .array(z.object({ name: z.string(), does: z.string() }))
      .openapi({ description: 'In order, up to the one that answers.' }),
    choice: z
      .object({
        kind: z.enum(['rule', 'no_proxy', 'chain', 'route']),
        name: z.string().openapi({ example: 'egress.rules[1]' }),
        place: z.string().nullable().openapi({ example: 'sluice.yaml:14' }),
        why: z.string(),
        others: z.array(z.string()).openapi({ description: 'Those that were not taken, with the reason.' }),
      })
      .nullable(),
    hops: z.array(
      z.object({
        name: z.string(),
        strategy: z.string(),
        picked: z.string().nullable().openapi({ description: 'The proxy that would be picked now.' }),
        why: z.string(),
        members: z.array(z.object({ id: z.string(), proxy: z.string(), available: z.boolean(), obstacle: z.string() })),
      }),
    ),
    result: z.object({
      kind: z.enum(['refused', 'answered', 'direct', 'hops', 'backend']),
      status: z.int().nullable(),
      code: z.string().nullable(),
      text: z.string(),
    }),
    states: z.enum(['running', 'unknown']),
  })
  .openapi('Explanation');

const oneOrMany = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const explainRoute = createRoute({
  method: 'get',
  path: '/api/v1/explain',
  summary: 'What would become of a request, without any of it being done',
  request: {
    query: z.object({
      url: z.string().min(1).openapi({ example: 'https://example.com/', description: 'A URL, or host:port.' }),
      method: z.string().default('GET'),
      door: z
        .string()
        .optional()
        .openapi({ description: '`egress`, `gateway`, the name of an address of the gateway, or a port.' }),
      header: oneOrMany.default([]).openapi({ example: ['Accept: */*'], description: 'May repeat.' }),
      from: z.string().default('127.0.0.1').openapi({ description: 'The address of the client.' }),
      user: z.string().optional().openapi({ description: 'As if this user had shown a valid token.' }),
    }),
  },
  responses: {
    200: { description: 'The explanation.', content: { 'application/json': { schema: explainSchema } } },
    401: errorResponse('No valid token.'),
    422: errorResponse('The question is not one.'),
  },
});

export function addExplainRoute(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(explainRoute, async (context) => {
    const { url, method, door, header, from, user } = context.req.valid('query');
    const question: Question = {
      door: door ?? null,
      method: method.toUpperCase(),
      url,
      fields: header.map(fieldOfLine),
      from,
      user: user ?? null,
    };
    return context.json(await sluice.explain(question), 200);
  });
}
