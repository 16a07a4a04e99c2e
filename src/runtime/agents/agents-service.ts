// The service that runs coding agents, as the configuration describes it.
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import { errorBody } from '../../core/errors.ts';
import { type OwnService, serviceBounds } from '../processes/own-service.ts';
import { agents } from '../registry.ts';

const HEARTBEAT_MS = 15_000;
/** So many heartbeats may be lost before a connection is taken for dead. */
const BEATS = 4;
/** A start waits for its process, and a stop until nothing is left. */
const HEAD_MS = 60_000;

/** As clients of other agent services know it, beside our own shape. */
const SHAPE: Policy = {
  name: 'agent-errors',
  errorShape: ({ code, message }, requestId) => ({ detail: message, ...errorBody(code, message, requestId) }),
};

/** null: it is off. */
export function agentsService(config: Config): OwnService | null {
  const settings = config.agents;
  if (!settings.enabled) return null;
  return {
    name: 'agents',
    paths: ['/agent', '/agent/*'],
    permission: 'agents',
    does: 'run agents',
    hosts: settings.allowed_hosts,
    bounds: serviceBounds(config, { silenceMs: HEARTBEAT_MS * BEATS, headMs: HEAD_MS }),
    policies: [SHAPE],
    answers: 'runs coding agents',
    createTarget: ({ agents: desk }) =>
      agents({ service: () => desk.service, elsewhere: () => desk.elsewhere, heartbeatMs: HEARTBEAT_MS }),
  };
}
