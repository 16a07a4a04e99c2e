// The agents of all users: what they are, what they say, starting and stopping them. Rule: whoever may use the admin door may do with each
// run what its user may; what is started here belongs to the user that is named.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import { AGENT_REQUEST, readAgentRequest } from '../../services/agents/agent-requests.ts';
import type { AgentService } from '../../services/agents/agent-service.ts';
import type { AgentRunRow } from '../../services/agents/agent-settings.ts';
import { agentAnswer } from '../../services/agents/event-text.ts';
import type { AgentAnswer, AgentProgramAnswer, AgentsAnswer, AgentStartedAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import { followedStream } from '../followed-stream.ts';

const STATUSES = ['queued', 'running', 'ok', 'error', 'denied', 'stopped', 'timeout', 'crashed'] as const;
const DEFAULT_LISTED = 100;
const MOST_LISTED = 1000;

const text = z.string().nullable();
const number = z.number().nullable();

const agentSchema: z.ZodType<AgentAnswer> = z
  .object({
    agent_id: z.string(),
    kind: z.string().openapi({ example: 'claude' }),
    status: z.enum(STATUSES).openapi({ description: 'How it is, or how it has ended.' }),
    session_id: text.openapi({ description: 'By which a later run can go on.' }),
    user: text,
    model: text,
    cwd: z.string(),
    pid: number,
    batch: text,
    queued_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    ended_at: z.iso.datetime().nullable(),
    duration_ms: number,
    exit_code: number,
    signal: text,
    reason: text.openapi({ description: 'Why it has ended so.' }),
    usage: z
      .object({
        input_tokens: z.number(),
        output_tokens: z.number(),
        cache_read_tokens: z.number(),
        cache_write_tokens: z.number(),
      })
      .nullable(),
    cost_usd: number.openapi({ description: 'As the agent says it.' }),
  })
  .openapi('Agent');

const programSchema: z.ZodType<AgentProgramAnswer> = z
  .object({
    kind: z.string().openapi({ example: 'claude' }),
    program: z.string(),
    version: text.openapi({ description: 'null: it has not said.' }),
    oldest: z.string().openapi({ description: 'The first version that has all that is asked of it.' }),
    warning: text.openapi({ description: 'null: all is well.' }),
  })
  .openapi('AgentProgram');

const listSchema: z.ZodType<AgentsAnswer> = z
  .object({
    running: z.int(),
    queued: z.int(),
    programs: z.array(programSchema).openapi({ description: 'Those that were used since the start.' }),
    agents: z.array(agentSchema),
  })
  .openapi('Agents');

const startedSchema: z.ZodType<AgentStartedAnswer> = z
  .object({ agent_id: z.string(), pid: number, status: z.enum(['started', 'queued']) })
  .openapi('AgentStarted');

/** Judged by the words that describe it. */
const requestSchema = z.unknown().openapi('AgentRequest', AGENT_REQUEST as object);

const idParam = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });

const refusals = {
  401: errorResponse('No valid token.'),
  404: errorResponse('There is no such run, or agents are switched off.'),
  422: errorResponse('It does not fit what is expected here.'),
};

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/agents',
  summary: 'The runs of agents of all users, the newest first',
  request: {
    query: z.object({
      status: z.enum(STATUSES).optional(),
      user: z.string().optional(),
      session_id: z.string().optional(),
      batch: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(MOST_LISTED).default(DEFAULT_LISTED),
    }),
  },
  responses: {
    200: { description: 'The runs.', content: { 'application/json': { schema: listSchema } } },
    ...refusals,
  },
});

const startRoute = createRoute({
  method: 'post',
  path: '/api/v1/agents',
  summary: 'Start an agent, for a user or for nobody',
  request: {
    query: z.object({ user: z.string().default('') }),
    body: { required: true, content: { 'application/json': { schema: requestSchema } } },
  },
  responses: {
    200: { description: 'It runs, or waits.', content: { 'application/json': { schema: startedSchema } } },
    ...refusals,
    503: errorResponse('Too many run and wait, or its program is not here.'),
  },
});

const oneRoute = createRoute({
  method: 'get',
  path: '/api/v1/agents/{id}',
  summary: 'One run of an agent',
  request: { params: idParam },
  responses: { 200: { description: 'It.', content: { 'application/json': { schema: agentSchema } } }, ...refusals },
});

const stopRoute = createRoute({
  method: 'post',
  path: '/api/v1/agents/{id}/stop',
  summary: 'Stop an agent with all that it has started',
  request: { params: idParam },
  responses: {
    200: { description: 'Nothing of it is left.', content: { 'application/json': { schema: agentSchema } } },
    ...refusals,
  },
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/api/v1/agents/{id}/events',
  summary: 'What an agent has printed and prints, to its end',
  request: {
    params: idParam,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
    }),
  },
  responses: {
    200: { description: 'Its lines, as events.', content: { 'text/event-stream': { schema: z.string() } } },
    ...refusals,
  },
});

export function addAgentRoutes(app: AdminApp, { sluice }: AdminParts): void {
  const require = (): AgentService => {
    const { service } = sluice.agents;
    if (service !== null) return service;
    throw new SluiceError('not_found', { message: 'Agents are switched off: agents.enabled is false.' });
  };
  app.openapi(listRoute, (context) => {
    const service = require();
    const { user, session_id: session, status, batch, limit } = context.req.valid('query');
    const rows = service.list({
      viewer: user ?? null,
      limit,
      ...(status !== undefined && { status }),
      ...(session !== undefined && { session }),
      ...(batch !== undefined && { batch }),
    });
    const { running, queued } = service;
    return context.json({ running, queued, programs: service.versions(), agents: rows.map(agentAnswer) }, 200);
  });
  app.openapi(startRoute, async (context) => {
    const request = readAgentRequest(await context.req.text());
    const row = await require().start(request, context.req.valid('query').user);
    return context.json(startedAnswer(row), 200);
  });
  app.openapi(oneRoute, (context) => {
    return context.json(agentAnswer(require().require(context.req.valid('param').id, null)), 200);
  });
  app.openapi(stopRoute, async (context) => {
    return context.json(agentAnswer(await require().stop(context.req.valid('param').id, null)), 200);
  });
  app.openapi(eventsRoute, (context) => {
    const { id } = context.req.valid('param');
    const after = Number(context.req.valid('header')['last-event-id'] ?? 0);
    const service = require();
    service.require(id, null);
    const body = followedStream((sink) => service.follow(id, null, after, sink));
    return context.body(body, 200, { 'Content-Type': 'text/event-stream' });
  });
}

function startedAnswer({ id, pid, status }: AgentRunRow): AgentStartedAnswer {
  return { agent_id: id, pid, status: status === 'queued' ? 'queued' : 'started' };
}
