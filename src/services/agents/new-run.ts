// A run of an agent that has just been asked for. Rule: nobody can guess what it will be called.
import { randomBytes } from 'node:crypto';
import type { AgentRunRow } from '../../state/agent-events.ts';
import type { AgentKind } from './agent-kind.ts';
import type { AgentRequest } from './agent-settings.ts';

const ID_BYTES = 9;

/** It is right, and can be run here. */
export interface PreparedRun {
  readonly request: AgentRequest;
  readonly kind: AgentKind;
  readonly user: string;
  readonly cwd: string;
}

export function newRunId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/** Where nothing has been done yet. */
export function newRow({ kind, request, user, cwd }: PreparedRun, batch: string, place: number): AgentRunRow {
  const { session, model } = request;
  return {
    id: newRunId(),
    kind: kind.name,
    user,
    session,
    status: 'queued',
    pid: null,
    model,
    cwd,
    batch,
    place,
    queuedAtMs: Date.now(),
    startedAtMs: null,
    endedAtMs: null,
    exitCode: null,
    signal: null,
    reason: '',
    tokens: null,
    cost: null,
  };
}
