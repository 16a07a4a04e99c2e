// On which node sessions go on. Rule: a session goes on where its folder and its history are; several in one batch have to be on the same node.
import { SluiceError } from '../../core/errors.ts';
import type { AgentService } from './agent-service.ts';
import type { AgentRequest, Viewer } from './agent-settings.ts';
import type { OtherAgents, Place } from './other-agents.ts';
import { sessionOf } from './told-runs.ts';

export interface SessionSearch {
  readonly others: OtherAgents;
  readonly service: Pick<AgentService, 'hasSession' | 'kindName'>;
  readonly viewer: Viewer;
}

/** null: here. */
export async function placeOfSessions(
  requests: readonly AgentRequest[],
  { others, service, viewer }: SessionSearch,
): Promise<Place | null> {
  const places = new Map<string, Place | null>();
  for (const { kind, session } of requests) {
    const name = sessionOf(service.kindName(kind), session);
    if (session === '' || places.has(name)) continue;
    const isHere = service.hasSession(kind, session);
    places.set(name, isHere ? null : await others.placeOf('session', name, viewer));
  }
  const [first = null, ...rest] = places.values();
  const other = rest.find((place) => place?.name !== first?.name);
  if (other === undefined) return first;
  const message = `agents: their sessions are on several nodes (${nameOf(first)}, ${nameOf(other)}): start a batch for each.`;
  throw new SluiceError('invalid_input', { message });
}

function nameOf(place: Place | null): string {
  return place?.name ?? 'this one';
}
