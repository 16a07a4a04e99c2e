// GET /api/v1/status: what this Sluice is and where it listens. Rule: it tells the state of the program, not of its
// traffic, which is what stats are for.

import { createRoute, z } from '@hono/zod-openapi';
import type { SluiceStatus } from '../../runtime/sluice.ts';
import type { StatusAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';

const statusSchema: z.ZodType<StatusAnswer> = z
  .object({
    state: z.enum(['starting', 'ready', 'draining', 'stopped']),
    version: z.string(),
    pid: z.int(),
    node: z.string().openapi({ example: 'v26.10.0' }),
    started_at: z.iso.datetime(),
    uptime_seconds: z.number(),
    doors: z.array(
      z.object({
        name: z.string().openapi({ example: 'gateway' }),
        address: z.string().openapi({ example: 'http://127.0.0.1:8080' }),
        open_connections: z.int(),
      }),
    ),
    config: z.object({
      files: z.array(z.string()),
      tag: z.string().openapi({ description: 'Names the config in force; the ETag of /api/v1/config.' }),
      loaded_at: z.iso.datetime(),
      needs_restart: z
        .array(z.string())
        .openapi({ description: 'Changed keys that take effect only at the next start.' }),
    }),
    state_store: z
      .object({
        server: z
          .string()
          .nullable()
          .openapi({ example: 'redis://redis.example:6379', description: 'Of `process.state`; null: this machine.' }),
        up: z.boolean(),
        nodes: z.int().openapi({ description: 'How many nodes share it, this one included.' }),
        degraded: z.array(z.string()).openapi({
          example: ['limits'],
          description: 'What does without the server for now, each in its own way.',
        }),
        waiting_records: z.int().openapi({ description: 'Requests whose usage waits here until the server takes it.' }),
        lost_records: z
          .int()
          .openapi({ description: 'Requests whose usage found no room while nothing could be written.' }),
      })
      .openapi({ description: 'Where it is kept what nodes can share.' }),
  })
  .openapi('Status');

const statusRoute = createRoute({
  method: 'get',
  path: '/api/v1/status',
  summary: 'Version, uptime, doors and the config in force',
  responses: {
    200: { description: 'The status.', content: { 'application/json': { schema: statusSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addStatusRoute(app: AdminApp, parts: AdminParts): void {
  app.openapi(statusRoute, (context) => context.json(statusAnswer(parts.sluice.status()), 200));
}

function statusAnswer(status: SluiceStatus): StatusAnswer {
  const { state, version, pid, startedAtMs, doors, shared } = status;
  const { configFiles, configTag, configLoadedAtMs, needsRestart } = status;
  return {
    state,
    version,
    pid,
    node: process.version,
    started_at: new Date(startedAtMs).toISOString(),
    uptime_seconds: (Date.now() - startedAtMs) / 1000,
    doors: doors.map(({ name, address, openConnections }) => ({ name, address, open_connections: openConnections })),
    config: {
      files: [...configFiles],
      tag: configTag,
      loaded_at: new Date(configLoadedAtMs).toISOString(),
      needs_restart: [...needsRestart],
    },
    state_store: {
      server: shared.server,
      up: shared.isUp,
      nodes: shared.nodes,
      degraded: [...shared.degraded],
      waiting_records: shared.waitingRows,
      lost_records: shared.lostRows,
    },
  };
}
