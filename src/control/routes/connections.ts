// GET /api/v1/connections: what clients have open at this moment, on all threads. Rule: it is asked for when somebody asks, and
// no answer is longer than its limit.

import { createRoute, z } from '@hono/zod-openapi';
import type { OpenConnection } from '../../runtime/threads/data-plane.ts';
import type { ConnectionAnswer, ConnectionsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const MAX_CONNECTIONS = 10_000;
const DEFAULT_CONNECTIONS = 1_000;

const connectionSchema: z.ZodType<ConnectionAnswer> = z
  .object({
    door: z.string().openapi({ example: 'egress' }),
    client: z.string().openapi({ example: '192.0.2.7:51234', description: 'Empty for a unix socket.' }),
    protocol: z.enum(['http1', 'http2', 'tunnel']),
    request_id: z.string().nullable().openapi({ description: 'null, as all that follows: nothing runs on it now.' }),
    route: z.string().nullable(),
    method: z.string().nullable(),
    destination: z.string().nullable().openapi({ example: 'example.com:443' }),
    user: z.string().nullable(),
    exit: z.string().nullable().openapi({ example: 'exits/fr-1' }),
    session: z.string().nullable(),
    request_age_ms: z.number().nullable(),
    age_ms: z.number(),
    bytes_received: z.number().nullable().openapi({ description: 'From the client; null where that is not known.' }),
    bytes_sent: z.number().nullable(),
  })
  .openapi('Connection');

const listSchema: z.ZodType<ConnectionsAnswer> = z
  .object({
    connections: z.array(connectionSchema),
    total: z.int().openapi({ description: 'How many are open, those beyond the limit too.' }),
  })
  .openapi('Connections');

const connectionsRoute = createRoute({
  method: 'get',
  path: '/api/v1/connections',
  summary: 'What clients have open',
  request: {
    query: z.object({ limit: z.coerce.number().int().min(1).max(MAX_CONNECTIONS).default(DEFAULT_CONNECTIONS) }),
  },
  responses: {
    200: { description: 'The connections.', content: { 'application/json': { schema: listSchema } } },
    401: errorResponse('No valid token.'),
    422: errorResponse('The limit is not a number from 1 to 10000.'),
  },
});

export function addConnectionsRoute(app: AdminApp, { sluice, traffic }: AdminParts): void {
  app.openapi(connectionsRoute, async (context) => {
    const { limit } = context.req.valid('query');
    const connections = (await sluice.connections(limit)).map(connectionAnswer);
    const total = Math.max(connections.length, traffic().openConnections);
    return context.json({ connections, total }, 200);
  });
}

function connectionAnswer(open: OpenConnection): ConnectionAnswer {
  const { door, client, protocol, ageMs, bytesReceived, bytesSent, request } = open;
  return {
    door,
    client,
    protocol,
    request_id: request?.id ?? null,
    route: orNull(request?.route),
    method: request?.method ?? null,
    destination: orNull(request?.destination),
    user: orNull(request?.user),
    exit: orNull(request?.exit),
    session: orNull(request?.session),
    request_age_ms: request?.ageMs ?? null,
    age_ms: ageMs,
    bytes_received: bytesReceived,
    bytes_sent: bytesSent,
  };
}

function orNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
