// The paths of agents on the gateway's door, for the OpenAPI document of the admin door. Rule: what a request may hold is said by the words
// that it is judged by.

import { AGENT_REQUEST, BATCH_REQUEST, MESSAGE_REQUEST } from '../services/agents/agent-requests.ts';
import type { AdminApp } from './admin-env.ts';

export interface GatewayPath {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly body?: object;
  /** Of the answer. */
  readonly type: string;
  readonly status?: number;
}

const JSON_TYPE = 'application/json';

const PATHS: readonly GatewayPath[] = [
  { method: 'post', path: '/agent/start', summary: 'Start an agent', body: AGENT_REQUEST, type: JSON_TYPE },
  {
    method: 'post',
    path: '/agent/stream',
    summary: 'Start an agent and tell all that it prints, to its end',
    body: AGENT_REQUEST,
    type: 'text/event-stream',
  },
  {
    method: 'post',
    path: '/agent/batch',
    summary: 'Start many agents and tell what they print, a line each',
    body: BATCH_REQUEST,
    type: 'application/x-ndjson',
  },
  {
    method: 'get',
    path: '/agent/batch/{id}',
    summary: 'The same again, from any event on',
    type: 'application/x-ndjson',
  },
  {
    method: 'post',
    path: '/agent/{id}/message',
    summary: 'One more message to an agent that runs',
    body: MESSAGE_REQUEST,
    type: JSON_TYPE,
    status: 202,
  },
  {
    method: 'post',
    path: '/agent/stop/{id}',
    summary: 'Stop an agent with all that it has started, on whatever node',
    type: JSON_TYPE,
  },
  {
    method: 'get',
    path: '/agent/{id}/events',
    summary: 'What an agent has printed and prints, from `Last-Event-ID` on',
    type: 'text/event-stream',
  },
  { method: 'get', path: '/agent', summary: 'The runs of the user on all nodes, the newest first', type: JSON_TYPE },
  { method: 'get', path: '/agent/{id}', summary: 'One run, on whatever node', type: JSON_TYPE },
];

export function describeAgentPaths(app: AdminApp): void {
  describePaths(app, PATHS);
}

export function describePaths(app: AdminApp, paths: readonly GatewayPath[]): void {
  for (const { method, path, summary, body, type, status = 200 } of paths) {
    app.openAPIRegistry.registerPath({
      method,
      path,
      summary: `${summary} (at the gateway's door)`,
      tags: ['gateway'],
      request: {
        ...(body !== undefined && { body: { required: true, content: { [JSON_TYPE]: { schema: body } } } }),
      },
      ...(path.includes('{id}') && { parameters: [ID] }),
      responses: {
        [status]: {
          description: 'It.',
          content: { [type]: { schema: { type: type === JSON_TYPE ? 'object' : 'string' } } },
        },
      },
    });
  }
}

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string' } } as const;
