// /health and its kin on the gateway's door, as orchestrators ask for them. Rule: readiness turns 503 before the door stops
// accepting, so that a load balancer looks elsewhere in time.
import type { Answer } from '../../contract/exchange.ts';
import type { RouteSpec } from '../../engine/program.ts';
import { respondWith } from '../registry.ts';

export interface Readiness {
  readonly started: boolean;
  readonly draining: boolean;
}

/** `activeAgents`: how many run now. */
export function healthRoutes(readiness: Readiness, activeAgents: () => number): RouteSpec[] {
  const ready = (): boolean => readiness.started && !readiness.draining;
  return [
    healthRoute('/health', () => summary(activeAgents())),
    healthRoute('/health/liveness', () => checked(true, { process: 'ok' })),
    healthRoute('/health/readiness', () => checked(ready(), { gateway: ready() ? 'ok' : 'draining' })),
    healthRoute('/health/startup', () => checked(readiness.started, { config: readiness.started ? 'ok' : 'loading' })),
  ];
}

function healthRoute(path: string, make: () => Answer): RouteSpec {
  return {
    name: 'health',
    match: { hosts: [], path, methods: ['GET', 'HEAD'], fields: [], query: [] },
    policies: [],
    target: respondWith(make),
  };
}

function summary(activeAgents: number): Answer {
  return json(200, { status: 'ok', timestamp: new Date().toISOString(), active_agents: activeAgents });
}

function checked(isWell: boolean, checks: Readonly<Record<string, string>>): Answer {
  return json(isWell ? 200 : 503, { status: isWell ? 'ok' : 'unavailable', checks });
}

function json(status: number, body: object): Answer {
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body: JSON.stringify(body),
  };
}
