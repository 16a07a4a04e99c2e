// Decides what a run is started with, when its turn has come. Rule: a request chooses among what the configuration allows, and can make times
// shorter but not longer.
import { join } from 'node:path';
import type { AgentRunRow } from '../../state/agent-events.ts';
import { agentEnvironment, findProgram } from './agent-environment.ts';
import type { AgentKind } from './agent-kind.ts';
import type { RunPlan } from './agent-run.ts';
import type { AgentRequest, AgentSettings, AgentSurroundings, OpenGateway } from './agent-settings.ts';

export interface PlanParts {
  readonly kind: AgentKind;
  readonly row: AgentRunRow;
  readonly request: AgentRequest;
  readonly settings: AgentSettings;
  readonly surroundings: AgentSurroundings;
  readonly gateway: OpenGateway | null;
}

export function planOf({ kind, row, request, settings, surroundings, gateway }: PlanParts): RunPlan {
  const { ownEnv, temporaryFolder: all } = surroundings;
  const { args, env: added, input } = kind.command(request, gateway?.access ?? null);
  const temporaryFolder = join(all, row.id);
  const configured = settings.env.get(kind.name) ?? {};
  const { usesSubscription } = kind;
  return {
    file: findProgram(kind.program, ownEnv['PATH'] ?? ''),
    args,
    env: agentEnvironment({ own: ownEnv, configured, added, temporaryFolder, usesSubscription }),
    input,
    temporaryFolder,
    timeoutMs: Math.min(request.timeoutMs ?? settings.timeoutMs, settings.timeoutMs),
    silenceMs: settings.silenceMs,
    lingerMs: Math.min(request.lingerMs ?? settings.lingerMs, settings.timeoutMs),
    maxOutputBytes: settings.maxOutputBytes,
  };
}
