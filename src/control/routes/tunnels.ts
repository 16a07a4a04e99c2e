// /api/v1/tunnels: the names of tunnels, whose they are and which clients are behind them. Rule: taking a name away ends what runs through
// it, and the name is anybody's.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import type { TunnelReport } from '../../runtime/tunnels/tunnel-desk.ts';
import type { TunnelAnswer, TunnelsAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const tunnelSchema: z.ZodType<TunnelAnswer> = z
  .object({
    name: z.string().openapi({ example: 'app' }),
    url: z.string().openapi({ example: 'https://app.tunnels.example.com' }),
    account: z.string().openapi({ description: '`user:NAME` for a user of the configuration.' }),
    online: z.boolean().openapi({ description: 'false: the name waits for its client.' }),
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
  })
  .openapi('Tunnel');

const listSchema: z.ZodType<TunnelsAnswer> = z.object({ tunnels: z.array(tunnelSchema) }).openapi('Tunnels');

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/tunnels',
  summary: 'Tunnels and their clients',
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

export function addTunnelRoutes(app: AdminApp, { sluice }: AdminParts): void {
  const { tunnels } = sluice;
  app.openapi(listRoute, (context) => context.json({ tunnels: tunnels.reports().map(tunnelAnswer) }, 200));
  app.openapi(removeRoute, (context) => {
    const { name } = context.req.valid('param');
    if (!tunnels.remove(name)) throw new SluiceError('not_found', { message: `There is no tunnel "${name}".` });
    return context.json({ removed: name }, 200);
  });
}

function tunnelAnswer({ name, url, account, sinceMs, client }: TunnelReport): TunnelAnswer {
  return {
    name,
    url,
    account,
    online: client !== null,
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
  };
}
