// The service that runs coding agents, as the configuration describes it.
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import { errorBody } from '../../core/errors.ts';
import { AGENTS_OF_NODE } from '../../services/agents/node-call.ts';
import { TUNNEL_FIELD } from '../../services/tunnels/tunnel-names.ts';
import { type OwnService, serviceBounds } from '../processes/own-service.ts';
import { agents } from '../registry.ts';
import type { TunnelDoorRoute } from '../tunnels/tunnel-door.ts';
import type { AgentDesk } from './agent-desk.ts';

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
      agents({
        service: () => desk.service,
        others: () => desk.others,
        node: () => desk.nodeName,
        heartbeatMs: HEARTBEAT_MS,
      }),
  };
}

/** For other nodes, which have judged who asks: what is here, and nothing further. */
export function agentRoutesOfNode(desk: AgentDesk): readonly TunnelDoorRoute[] {
  const target = agents({
    service: () => desk.service,
    node: () => desk.nodeName,
    answersNodes: () => desk.nodeId,
    heartbeatMs: HEARTBEAT_MS,
  });
  const fields = [[TUNNEL_FIELD, AGENTS_OF_NODE] as const];
  return ['/agent', '/agent/*'].map((path) => ({ name: 'agents', path, fields, target }));
}
