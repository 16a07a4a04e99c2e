// GET /api/v1/requests: what went through last, and with `Accept: text/event-stream` what goes through now. Rule: filters are applied here, so
// that nothing is sent which nobody wants to see; a follower that comes back with Last-Event-ID goes on where it was.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import { JOBS } from '../../runtime/job-traffic.ts';
import type { RequestFilter } from '../../runtime/request-filter.ts';
import type { WatchedRequest } from '../../runtime/request-watch.ts';
import type { RequestAnswer, RequestBatchAnswer, RequestsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import { capturedAnswer, capturedSchema, type RequestDetailAnswer } from '../captured-answer.ts';
import { positionIn, runOf, STREAM_HEADERS, streamBody, wantsStream } from '../stream-answer.ts';

const MOST = 1000;
const DEFAULT = 100;

const text = z.string().nullable();

export const requestSchema: z.ZodType<RequestAnswer> = z
  .object({
    number: z.int().openapi({ description: 'Counts requests in the order in which they ended.' }),
    request_id: z.string(),
    replay_of: text.openapi({ description: 'The id of the request that was sent again; null: a client has sent it.' }),
    trace_id: z.string(),
    at: z.iso.datetime().openapi({ description: 'When its head had come.' }),
    door: z.string().openapi({ example: 'gateway' }),
    route: text,
    client: z.string(),
    user: text,
    method: z.string(),
    host: z.string(),
    target: z.string().openapi({ description: 'Secrets in it are masked.' }),
    protocol: z.string().openapi({ example: 'HTTP/1.1' }),
    status: z.int(),
    error: text.openapi({ description: 'An error code; `sluice help CODE` explains it.' }),
    upstream: text.openapi({ description: 'Who answered, or was asked last.' }),
    exit: text.openapi({ example: 'exits/fr-1' }),
    session: text,
    attempts: z.int(),
    failed: z.array(z.string()).openapi({ description: 'Who was asked before and failed, in order.' }),
    answered_by: text.openapi({ description: 'The policy that answered in place of a server.' }),
    bytes_received: z.int(),
    bytes_sent: z.int(),
    duration_ms: z.number(),
    phases: z
      .object({
        queue: z.number().openapi({ description: 'Policies, attempts before, waiting for a free connection.' }),
        dns: z.number(),
        connect: z.number(),
        tls: z.number(),
        hops: z.number().openapi({ description: 'Through the proxies on the way.' }),
        wait: z.number().openapi({ description: 'For the head of the answer.' }),
        body: z.number(),
      })
      .openapi({ description: 'Milliseconds, one after the other.' }),
  })
  .openapi('Request');

const listSchema: z.ZodType<RequestsAnswer> = z.object({ requests: z.array(requestSchema) }).openapi('Requests');

const filters = {
  door: z.string().optional(),
  route: z.string().optional(),
  job: z.enum(JOBS).optional().openapi({ description: 'By door and route.' }),
  method: z.string().optional(),
  status: z
    .string()
    .regex(/^(?:[1-5]xx|[1-5]\d\d)$/i, 'expected a status such as 404, or a class such as 5xx')
    .optional(),
  host: z.string().optional(),
  user: z.string().optional(),
  upstream: z.string().optional(),
  error: z.string().optional().openapi({ description: 'An error code, or `any`.' }),
  min_ms: z.coerce.number().min(0).optional(),
  text: z.string().optional().openapi({ description: 'Stands somewhere in it.' }),
};

type Filters = z.infer<z.ZodObject<typeof filters>>;

const refusals = { 401: errorResponse('No valid token.'), 422: errorResponse('A filter cannot be read.') };

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/requests',
  summary: 'What went through last, the newest first; or what goes through now, as events',
  request: {
    query: z.object({ ...filters, limit: z.coerce.number().int().min(1).max(MOST).default(DEFAULT) }),
  },
  responses: {
    200: {
      description:
        'With `Accept: text/event-stream`, events whose data is `{"requests": […], "missed": n}`, the oldest first.',
      content: { 'application/json': { schema: listSchema }, 'text/event-stream': { schema: z.string() } },
    },
    ...refusals,
  },
});

const detailSchema: z.ZodType<RequestDetailAnswer> = z
  .intersection(requestSchema, z.object({ captured: capturedSchema.nullable() }))
  .openapi('RequestDetail');

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/requests/{id}',
  summary: 'One request by its id',
  request: { params: z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) }) },
  responses: {
    200: { description: 'What is known of it.', content: { 'application/json': { schema: detailSchema } } },
    401: refusals[401],
    404: errorResponse('It is not among the last ones.'),
  },
});

export function addRequestRoutes(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(listRoute, async (context) => {
    const { limit, ...query } = context.req.valid('query');
    const filter = filterOf(query);
    if (!wantsStream(context.req.header('Accept'))) {
      const requests = await sluice.requests.recent(filter, limit);
      return context.json({ requests: requests.map(answerOf) }, 200);
    }
    const run = runOf(sluice);
    const after = positionIn(context.req.header('Last-Event-ID'), run);
    const body = streamBody(run, (say) =>
      sluice.requests.follow(filter, after, ({ requests, missed, position }) => {
        const batch: RequestBatchAnswer = { requests: requests.map(answerOf), missed };
        return say(position, batch);
      }),
    );
    return context.newResponse(body, 200, { ...STREAM_HEADERS });
  });
  app.openapi(oneRoute, async (context) => {
    const found = await sluice.requests.find(context.req.valid('param').id);
    if (found === undefined) throw new SluiceError('not_found', { message: 'It is not among the last requests.' });
    const captured = await sluice.replays.capture(found.id);
    return context.json({ ...answerOf(found), captured: captured === null ? null : capturedAnswer(captured) }, 200);
  });
}

function filterOf({ min_ms: minMs, ...same }: Filters): RequestFilter {
  return { ...same, minMs };
}

export function answerOf(seen: WatchedRequest): RequestAnswer {
  const { number, method, host, target, protocol, status, attempts, failed, door, client, phases } = seen;
  return {
    number,
    request_id: seen.id,
    replay_of: orNull(seen.replayOf),
    trace_id: seen.traceId,
    at: new Date(seen.atMs).toISOString(),
    door,
    route: orNull(seen.route),
    client,
    user: orNull(seen.user),
    method,
    host,
    target,
    protocol,
    status,
    error: orNull(seen.error),
    upstream: orNull(seen.upstream),
    exit: orNull(seen.exit),
    session: orNull(seen.session),
    attempts,
    failed,
    answered_by: orNull(seen.answeredBy),
    bytes_received: seen.bytesReceived,
    bytes_sent: seen.bytesSent,
    duration_ms: seen.durationMs,
    phases,
  };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
