// The path of commands on the gateway's door, for the OpenAPI document of the admin door. Rule: as for agents.
import { COMMAND_REQUEST } from '../services/processes/command-request.ts';
import type { AdminApp } from './admin-env.ts';
import { describePaths, type GatewayPath } from './agent-paths.ts';

const PATHS: readonly GatewayPath[] = [
  {
    method: 'post',
    path: '/cli/execute',
    summary: 'Run a command and tell what it says, a line each, and how it has ended',
    body: COMMAND_REQUEST,
    type: 'application/x-ndjson',
  },
];

export function describeExecPaths(app: AdminApp): void {
  describePaths(app, PATHS);
}
