// /api/v1/backends: the backends of the gateway's routes that are chosen among, how they are, and taking one out while Sluice runs. Rule: a
// change is in force on every thread when it is answered, and cuts nothing that is in flight.

import { createRoute, z } from '@hono/zod-openapi';
import { redactTarget } from '../../core/redact.ts';
import { SluiceError } from '../../core/errors.ts';
import type { BackendReport } from '../../runtime/backends/backend-desk.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import type { BackendAnswer, BackendsAnswer } from '../gateway-answers.ts';
import {
  memberAnswer,
  memberFields,
  memberIdParam,
  memberStats,
  memberStatsFields,
  memberTestAnswer,
  memberTestSchema,
} from './members.ts';

const backendSchema: z.ZodType<BackendAnswer> = z
  .object({
    id: z.string().openapi({ example: 'shop/http://10.0.0.7', description: 'The route and the backend.' }),
    route: z.string(),
    url: z.string(),
    ...memberFields,
    changed: z
      .literal('until_restart')
      .nullable()
      .openapi({ description: 'Somebody has changed it while Sluice runs.' }),
    stats: z.object(memberStatsFields),
  })
  .openapi('Backend');

const listSchema: z.ZodType<BackendsAnswer> = z.object({ backends: z.array(backendSchema) }).openapi('Backends');

const testSchema = memberTestSchema('it could not be got through to.').openapi('BackendTest');

const changeSchema = z
  .strictObject({ enabled: z.boolean().optional(), draining: z.boolean().optional() })
  .openapi('BackendChange');

const refusals = {
  401: errorResponse('No valid token.'),
  404: errorResponse('There is no backend of that name that is chosen among others or checked.'),
};

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/backends',
  summary: 'The backends of all routes that choose among several, check or leave alone',
  responses: {
    200: { description: 'The backends.', content: { 'application/json': { schema: listSchema } } },
    401: refusals[401],
  },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/backends/{id}',
  summary: 'One backend',
  request: { params: memberIdParam },
  responses: {
    200: { description: 'The backend.', content: { 'application/json': { schema: backendSchema } } },
    ...refusals,
  },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/api/v1/backends/{id}',
  summary: 'Change a backend: enable, disable, drain; until the next start',
  request: {
    params: memberIdParam,
    body: { required: true, content: { 'application/json': { schema: changeSchema } } },
  },
  responses: {
    200: { description: 'As it is now.', content: { 'application/json': { schema: backendSchema } } },
    ...refusals,
    422: errorResponse('It does not fit what is expected here.'),
  },
});

const testRoute = createRoute({
  method: 'post',
  path: '/api/v1/backends/{id}/test',
  summary: 'Check a backend now',
  request: { params: memberIdParam },
  responses: {
    200: { description: 'What came of it.', content: { 'application/json': { schema: testSchema } } },
    ...refusals,
  },
});

export function addBackendRoutes(app: AdminApp, { sluice: { backends } }: AdminParts): void {
  const answerFor = (id: string): BackendAnswer => {
    const report = backends.find(id);
    if (report === undefined) throw new SluiceError('not_found', { message: `There is no backend "${id}".` });
    return backendAnswer(report);
  };
  app.openapi(listRoute, (context) => context.json({ backends: backends.reports().map(backendAnswer) }, 200));
  app.openapi(oneRoute, (context) => context.json(answerFor(context.req.valid('param').id), 200));
  app.openapi(changeRoute, (context) => {
    const { id } = context.req.valid('param');
    backends.change(id, context.req.valid('json'));
    return context.json(answerFor(id), 200);
  });
  app.openapi(testRoute, async (context) => {
    const { id } = answerFor(context.req.valid('param').id);
    return context.json(memberTestAnswer(id, await backends.check(id)), 200);
  });
}

function backendAnswer(report: BackendReport): BackendAnswer {
  const { id, route, name, state, isChanged } = report;
  return {
    id,
    route,
    url: redactTarget(name),
    ...memberAnswer(report),
    changed: isChanged ? 'until_restart' : null,
    stats: memberStats(state),
  };
}
