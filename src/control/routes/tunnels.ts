// /api/v1/tunnels: the names of tunnels, whose they are and which clients are behind them. Rule: taking a name away ends what runs through
// it, and the name is anybody's.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import type { ExposedReport } from '../../runtime/tunnel-client/exposed-board.ts';
import type { TunnelReport } from '../../runtime/tunnels/tunnel-desk.ts';
import type { ExposedAnswer, TunnelAnswer, TunnelsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const tunnelSchema: z.ZodType<TunnelAnswer> = z
  .object({
    name: z.string().openapi({ example: 'app' }),
    node: z.string().nullable().openapi({
      description: 'The node that it is on, as others reach it; null: there is one alone.',
      example: '10.0.0.5:7946',
    }),
    url: z.string().openapi({ example: 'https://app.tunnels.example.com' }),
    account: z.string().openapi({ description: '`user:NAME` for a user of the configuration.' }),
    online: z.boolean().openapi({ description: 'false: the name waits for its client.' }),
    streams_total: z
      .int()
      .openapi({ description: 'Requests and WebSockets since the start, whoever its clients were.' }),
    bytes_received: z.int().openapi({ description: 'From its clients.' }),
    bytes_sent: z.int(),
    reconnects: z.int().openapi({ description: 'How often a client has come back to it.' }),
    clients: z.int().openapi({ description: 'How many share it; `client` is the newest.' }),
    since: z.string().openapi({ description: 'Since when it has been so.' }),
    client: z
      .object({
        address: z.string(),
        protocol_version: z.int(),
        connected_at: z.string(),
        streams: z.int().openapi({ description: 'Requests and WebSockets that run now, of all its tunnels.' }),
        streams_total: z.int(),
        bytes_received: z.int().openapi({ description: 'From the client.' }),
        bytes_sent: z.int(),
        round_trip_ms: z.number().nullable(),
      })
      .nullable(),
    tcp: z
      .object({
        port: z.int(),
        connections: z.int().openapi({ description: 'Visitors who are connected now.' }),
        connections_total: z.int().openapi({ description: 'Since its client has connected.' }),
        bytes_received: z.int().openapi({ description: 'From visitors.' }),
        bytes_sent: z.int(),
      })
      .nullable()
      .openapi({ description: 'null: it is a tunnel of HTTP.' }),
  })
  .openapi('Tunnel');

const listSchema: z.ZodType<TunnelsAnswer> = z
  .object({
    tunnels: z.array(tunnelSchema),
    missing_nodes: z
      .array(z.string())
      .openapi({ description: 'Nodes that were asked for theirs and have not answered.' }),
  })
  .openapi('Tunnels');

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels',
  summary: 'Tunnels and their clients',
  request: {
    query: z.object({
      nodes: z
        .enum(['here', 'all'])
        .default('here')
        .openapi({ description: 'Of this node, or of all that share its state.' }),
    }),
  },
  responses: {
    200: { description: 'The tunnels.', content: { 'application/json': { schema: listSchema } } },
    401: errorResponse('No valid token.'),
  },
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/api/v1/tunnels/{name}',
  summary: 'End a tunnel and give its name free',
  request: { params: z.object({ name: z.string() }) },
  responses: {
    200: {
      description: 'It is gone.',
      content: { 'application/json': { schema: z.object({ removed: z.string() }) } },
    },
    401: errorResponse('No valid token.'),
    404: errorResponse('There is no such tunnel.'),
  },
});

const exposedSchema: z.ZodType<ExposedAnswer> = z
  .object({
    name: z.string().openapi({ example: 'web' }),
    server: z.string(),
    local: z.string().openapi({ example: '127.0.0.1:3000' }),
    status: z.enum(['connecting', 'online', 'ended']),
    url: z.string().nullable().openapi({ description: 'While it is online.' }),
    reason: z.string().nullable().openapi({ description: 'Why it is not online.' }),
    health: z
      .object({ state: z.enum(['unknown', 'healthy', 'unhealthy']), reason: z.string().nullable() })
      .nullable()
      .openapi({ description: 'What checks of the local server have found; null: there are none.' }),
    requests: z.int(),
    bytes_in: z.int().openapi({ description: 'Bodies and messages from visitors.' }),
    bytes_out: z.int(),
  })
  .openapi('ExposedTunnel');

const exposedRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels/exposed',
  summary: 'Tunnels that this Sluice opens at a server (tunnels.client)',
  responses: {
    200: {
      description: 'As the configuration names them.',
      content: { 'application/json': { schema: z.object({ tunnels: z.array(exposedSchema) }) } },
    },
    401: errorResponse('No valid token.'),
  },
});

export function addTunnelRoutes(app: AdminApp, { sluice }: AdminParts): void {
  const { tunnels } = sluice;
  app.openapi(listRoute, async (context) => {
    const isOfAll = context.req.valid('query').nodes === 'all';
    const list = isOfAll ? await tunnels.reportsOfNodes() : { reports: tunnels.reports(), missing: [] };
    return context.json({ tunnels: list.reports.map(tunnelAnswer), missing_nodes: [...list.missing] }, 200);
  });
  addExposedRoute(app, sluice);
  app.openapi(removeRoute, async (context) => {
    const { name } = context.req.valid('param');
    if (!(await tunnels.removeOnNodes(name)))
      throw new SluiceError('not_found', { message: `There is no tunnel "${name}".` });
    return context.json({ removed: name }, 200);
  });
}

export function addExposedRoute(
  app: AdminApp,
  { exposed }: { readonly exposed: Pick<AdminParts['sluice']['exposed'], 'reports'> },
): void {
  app.openapi(exposedRoute, (context) => context.json({ tunnels: exposed.reports().map(exposedAnswer) }, 200));
}

function tunnelAnswer({ name, node, url, account, sinceMs, use, clients, client, tcp }: TunnelReport): TunnelAnswer {
  return {
    name,
    node,
    url,
    account,
    online: client !== null,
    streams_total: use.streams,
    bytes_received: use.bytesIn,
    bytes_sent: use.bytesOut,
    reconnects: use.reconnects,
    clients,
    since: new Date(sinceMs).toISOString(),
    client: client && {
      address: client.address,
      protocol_version: client.version,
      connected_at: new Date(client.connectedAtMs).toISOString(),
      streams: client.streams,
      streams_total: client.streamsTotal,
      bytes_received: client.bytesReceived,
      bytes_sent: client.bytesSent,
      round_trip_ms: client.roundTripMs,
    },
    tcp: tcp && {
      port: tcp.port,
      connections: tcp.connections,
      connections_total: tcp.connectionsTotal,
      bytes_received: tcp.bytesReceived,
      bytes_sent: tcp.bytesSent,
    },
  };
}

function exposedAnswer({ why, health, bytesIn, bytesOut, ...same }: ExposedReport): ExposedAnswer {
  const found = health && { state: health.state, reason: health.why };
  return { ...same, reason: why, health: found, bytes_in: bytesIn, bytes_out: bytesOut };
}
