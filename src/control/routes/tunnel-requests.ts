// /api/v1/tunnels/requests: what visitors of the tunnels of tunnels.client have asked and were answered, and asking it again. Rule:
// credentials are masked unless the configuration shows them; nothing of it is ever written down.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import type { RequestReport } from '../../runtime/tunnel-client/request-report.ts';
import type { CapturedAnswer, CapturedDetail } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const summaryShape = {
  id: z.int(),
  time: z.string(),
  tunnel: z.string().openapi({ example: 'web' }),
  kind: z.enum(['http', 'websocket']),
  method: z.string(),
  path: z.string(),
  status: z.int().nullable().openapi({ description: 'null: there is no answer yet, or there was none.' }),
  duration_ms: z.number().nullable().openapi({ description: 'null: it still runs.' }),
  request_bytes: z.int(),
  answer_bytes: z.int(),
  replay_of: z.int().nullable(),
};
const summarySchema: z.ZodType<CapturedAnswer> = z.object(summaryShape).openapi('CapturedRequest');

const messageSchema = z.object({
  headers: z.array(z.tuple([z.string(), z.string()])),
  text: z.string().nullable().openapi({ description: 'The body, where it is text.' }),
  base64: z.string().nullable(),
  cut: z.boolean().openapi({ description: 'The body was longer than what is kept.' }),
});
const detailSchema: z.ZodType<CapturedDetail> = z
  .object({ ...summaryShape, request: messageSchema, answer: messageSchema })
  .openapi('CapturedRequestDetail');

const idParameter = z.object({ id: z.string().regex(/^\d{1,15}$/, 'expected a number') });
const detail = {
  description: 'The request and its answer.',
  content: { 'application/json': { schema: detailSchema } },
};

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/requests',
  summary: 'The last requests of visitors of own tunnels',
  request: {
    query: z.object({
      tunnel: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: {
    200: {
      description: 'The latest first.',
      content: { 'application/json': { schema: z.object({ requests: z.array(summarySchema) }) } },
    },
    401: errorResponse('No valid token.'),
    404: errorResponse('Requests are not kept (tunnels.client.inspect).'),
  },
});

const forgetRoute = createRoute({
  method: 'post',
  path: '/api/v1/tunnels/requests/forget',
  summary: 'Forget what is kept of them',
  responses: {
    200: { description: 'Done.', content: { 'application/json': { schema: z.object({ forgotten: z.boolean() }) } } },
    401: errorResponse('No valid token.'),
  },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/requests/{id}',
  summary: 'One of them, with headers and bodies',
  request: { params: idParameter },
  responses: { 200: detail, 401: errorResponse('No valid token.'), 404: errorResponse('There is no such request.') },
});

const replayRoute = createRoute({
  method: 'post',
  path: '/api/v1/tunnels/requests/{id}/replay',
  summary: 'Ask the local server the very same again',
  request: { params: idParameter },
  responses: {
    200: detail,
    401: errorResponse('No valid token.'),
    404: errorResponse('There is no such request.'),
    422: errorResponse('It cannot be asked again.'),
  },
});

/** Where the requests are kept. */
export interface RequestPlace {
  readonly sluice: {
    readonly exposed: Pick<AdminParts['sluice']['exposed'], 'requests' | 'findRequest' | 'forgetRequests' | 'replay'>;
  };
}

export function addTunnelRequestRoutes(app: AdminApp, { sluice }: RequestPlace): void {
  app.openapi(listRoute, (context) => {
    const { tunnel, limit } = context.req.valid('query');
    const requests = sluice.exposed.requests();
    if (requests === null) {
      throw new SluiceError('not_found', { message: 'Requests are not kept: tunnels.client.inspect is false.' });
    }
    const wanted = tunnel === undefined ? requests : requests.filter((each) => each.tunnel === tunnel);
    return context.json({ requests: wanted.slice(0, limit).map(summaryOf) }, 200);
  });
  app.openapi(forgetRoute, (context) => {
    sluice.exposed.forgetRequests();
    return context.json({ forgotten: true }, 200);
  });
  app.openapi(oneRoute, (context) => {
    const { id } = context.req.valid('param');
    const found = sluice.exposed.findRequest(Number(id));
    if (found === null) throw new SluiceError('not_found', { message: `There is no request ${id}.` });
    return context.json(detailOf(found), 200);
  });
  app.openapi(replayRoute, async (context) => {
    const repeated = await sluice.exposed.replay(Number(context.req.valid('param').id));
    return context.json(detailOf(repeated), 200);
  });
}

function summaryOf(report: RequestReport): CapturedAnswer {
  const { id, atMs, tunnel, kind, method, path, status, durationMs, replayOf, request, answer } = report;
  return {
    id,
    time: new Date(atMs).toISOString(),
    tunnel,
    kind,
    method,
    path,
    status,
    duration_ms: durationMs === null ? null : Math.round(durationMs * 10) / 10,
    request_bytes: request.bytes,
    answer_bytes: answer.bytes,
    replay_of: replayOf,
  };
}

function detailOf(report: RequestReport): CapturedDetail {
  const { requestHeaders, request, answerHeaders, answer } = report;
  const message = (headers: RequestReport['requestHeaders'], { text, base64, cut }: RequestReport['request']) => {
    return { headers: headers.map(([name, value]): [string, string] => [name, value]), text, base64, cut };
  };
  return { ...summaryOf(report), request: message(requestHeaders, request), answer: message(answerHeaders, answer) };
}
