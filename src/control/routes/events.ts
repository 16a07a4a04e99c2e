// GET /api/v1/events: what has happened last, and with `Accept: text/event-stream` what happens now. Rule: filters are applied here, so that
// nothing is sent which nobody wants to see; a follower that comes back with Last-Event-ID goes on where it was.

import { createRoute, z } from '@hono/zod-openapi';
import {
  EVENT_KINDS,
  EVENT_LEVELS,
  type EventFilter,
  isEventKind,
  type ProgramEvent,
} from '../../runtime/events/program-event.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import type { EventAnswer, EventsAnswer } from '../event-answers.ts';
import { positionIn, runOf, STREAM_HEADERS, streamBody, wantsStream } from '../stream-answer.ts';

const MOST = 5000;
const DEFAULT = 100;

const eventSchema: z.ZodType<EventAnswer> = z
  .object({
    number: z.int().openapi({ description: 'Counts events in the order in which they came.' }),
    at: z.iso.datetime(),
    kind: z.enum(EVENT_KINDS),
    level: z.enum(EVENT_LEVELS),
    message: z.string().openapi({ example: 'a breaker has opened' }),
    fields: z.record(z.string(), z.unknown()).openapi({
      description: 'What it is about; secrets are masked.',
      example: { proxy: 'exits/fr-1', what: 'opened' },
    }),
  })
  .openapi('Event');

const listSchema: z.ZodType<EventsAnswer> = z.object({ events: z.array(eventSchema) }).openapi('Events');

const kindsSchema = z
  .string()
  .refine(
    (text) => text.split(',').every(isEventKind),
    `expected some of ${EVENT_KINDS.join(', ')}, with commas between`,
  )
  .optional()
  .openapi({
    description:
      'Several with commas between. `log`: lines of the log, whatever else they are. Without it: all but lines below `level`.',
    example: 'health,breaker',
  });

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/events',
  summary: 'What has happened last, the newest first; or what happens now, as events',
  request: {
    query: z.object({
      kind: kindsSchema,
      level: z
        .enum(EVENT_LEVELS)
        .optional()
        .openapi({ description: 'Lines of the log from this level on; without it `warn`.' }),
      text: z.string().optional().openapi({ description: 'Stands somewhere in it.' }),
      limit: z.coerce.number().int().min(1).max(MOST).default(DEFAULT),
    }),
  },
  responses: {
    200: {
      description:
        'With `Accept: text/event-stream`, events whose data is `{"events": […], "missed": n}`, the oldest first.',
      content: { 'application/json': { schema: listSchema }, 'text/event-stream': { schema: z.string() } },
    },
    401: errorResponse('No valid token.'),
    422: errorResponse('A filter cannot be read.'),
  },
});

export function addEventRoutes(app: AdminApp, { sluice, events }: AdminParts): void {
  app.openapi(listRoute, (context) => {
    const { limit, kind = '', level = null, text = null } = context.req.valid('query');
    const filter: EventFilter = { kinds: kind.split(',').filter(isEventKind), level, text };
    if (!wantsStream(context.req.header('Accept'))) {
      return context.json({ events: events.recent(filter, limit).map(answerOf) }, 200);
    }
    const run = runOf(sluice);
    const after = positionIn(context.req.header('Last-Event-ID'), run);
    const body = streamBody(run, (say) =>
      events.follow(filter, after, ({ items, missed, position }) =>
        say(position, { events: items.map(answerOf), missed }),
      ),
    );
    return context.newResponse(body, 200, { ...STREAM_HEADERS });
  });
}

function answerOf({ number, atMs, kind, level, message, fields }: ProgramEvent): EventAnswer {
  return { number, at: new Date(atMs).toISOString(), kind, level, message, fields };
}
