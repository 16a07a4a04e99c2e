// The agents of all users: what they are, what they say, starting and stopping them. Rule: whoever may use the admin door may do with each
// run what its user may; what is started here belongs to the user that is named.

import { createRoute, z } from '@hono/zod-openapi';
import { AGENT_REQUEST, readAgentRequest } from '../../services/agents/agent-requests.ts';
import type { NodeAgent } from '../../services/agents/other-agents.ts';
import type { AgentProgramAnswer, AgentsAnswer, AgentStartedAnswer } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import { agentFollower, listAgents, showAgent, startAgent, stopAgent } from '../agents-of-nodes.ts';
import { followedStream } from '../followed-stream.ts';

const STATUSES = ['queued', 'running', 'ok', 'error', 'denied', 'stopped', 'timeout', 'crashed'] as const;
const DEFAULT_LISTED = 100;
const MOST_LISTED = 1000;

const text = z.string().nullable();
const number = z.number().nullable();

const agentSchema: z.ZodType<NodeAgent> = z
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
    node: z.string().openapi({ description: 'On which node it runs, or has run.', example: '10.0.0.5:7946' }),
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
    running: z.int().openapi({ description: 'On all nodes.' }),
    queued: z.int().openapi({ description: 'On all nodes.' }),
    programs: z.array(programSchema).openapi({ description: 'Those that this node has used since its start.' }),
    agents: z.array(agentSchema),
    node: z.string().openapi({ description: 'The one that answers.' }),
    missing: z.array(z.string()).openapi({ description: 'Nodes that did not say in time what they have.' }),
  })
  .openapi('Agents');

const startedSchema: z.ZodType<AgentStartedAnswer> = z
  .object({ agent_id: z.string(), pid: number, status: z.enum(['started', 'queued']), node: z.string() })
  .openapi('AgentStarted');

/** Judged by the words that describe it. */
const requestSchema = z.unknown().openapi('AgentRequest', AGENT_REQUEST as object);

const idParam = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });

const refusals = {
  401: errorResponse('No valid token.'),
  404: errorResponse('There is no such run, or agents are switched off.'),
  421: errorResponse('It is on another node, and nodes have no door for each other.'),
  422: errorResponse('It does not fit what is expected here.'),
  503: errorResponse('It is on another node, which does not answer.'),
};

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/agents',
  summary: 'The runs of agents of all users on all nodes, the newest first',
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
    503: errorResponse('Too many run and wait, its program is not here, or the node of its session does not answer.'),
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
  app.openapi(listRoute, async (context) => {
    const { user, session_id: session, status, batch, limit } = context.req.valid('query');
    const question = {
      viewer: user ?? null,
      limit,
      ...(status !== undefined && { status }),
      ...(session !== undefined && { session }),
      ...(batch !== undefined && { batch }),
    };
    return context.json(await listAgents(sluice.agents, question), 200);
  });
  app.openapi(startRoute, async (context) => {
    const text = await context.req.text();
    const { user } = context.req.valid('query');
    return context.json(await startAgent(sluice.agents, readAgentRequest(text), { user, text }), 200);
  });
  app.openapi(oneRoute, async (context) => {
    return context.json(await showAgent(sluice.agents, context.req.valid('param').id), 200);
  });
  app.openapi(stopRoute, async (context) => {
    return context.json(await stopAgent(sluice.agents, context.req.valid('param').id), 200);
  });
  app.openapi(eventsRoute, async (context) => {
    const { id } = context.req.valid('param');
    const after = Number(context.req.valid('header')['last-event-id'] ?? 0);
    const body = followedStream(await agentFollower(sluice.agents, id, after));
    return context.body(body, 200, { 'Content-Type': 'text/event-stream' });
  });
}
