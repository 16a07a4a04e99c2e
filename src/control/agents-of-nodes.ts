// What the admin door does with agents, on whatever node they are. Rule: the node that has a run answers for it; this one has asked who may ask.
import { SluiceError } from '../core/errors.ts';
import type { AgentRequest } from '../services/agents/agent-settings.ts';
import type { AgentService, ListQuestion } from '../services/agents/agent-service.ts';
import type { FeedSink, Follower } from '../services/agents/event-feed.ts';
import { agentAnswer } from '../services/agents/event-text.ts';
import {
  mergedAgents,
  type NodeAgent,
  type OtherAgents,
  type Place,
  toldAnswer,
} from '../services/agents/other-agents.ts';
import { placeOfSessions } from '../services/agents/session-place.ts';
import type { AgentsAnswer, AgentStartedAnswer } from './admin-answers.ts';

export interface AgentsHere {
  /** null: agents are switched off. */
  readonly service: AgentService | null;
  /** null: this node is alone. */
  readonly others: OtherAgents | null;
  readonly nodeName: string;
}

const QUICK_MS = 10_000;
const SLOW_MS = 60_000;

export async function listAgents(here: AgentsHere, question: ListQuestion): Promise<AgentsAnswer> {
  const { service, others, node } = open(here);
  const own = service.list(question).map((row) => ({ ...agentAnswer(row), node }));
  const theirs = (await others?.list(question)) ?? { agents: [], running: 0, queued: 0, missing: [] };
  return {
    running: service.running + theirs.running,
    queued: service.queued + theirs.queued,
    programs: service.versions(),
    agents: mergedAgents(own, theirs.agents, question),
    node,
    missing: [...theirs.missing],
  };
}

export async function showAgent(here: AgentsHere, id: string): Promise<NodeAgent> {
  const { service, others, node } = open(here);
  if (others === null || service.has(id)) return { ...agentAnswer(service.require(id, null)), node };
  const place = await others.find(id, null);
  try {
    return await askForAgent(others, place, id);
  } catch (error) {
    if (place.run === null) throw error;
    return toldAnswer(place.run);
  }
}

export async function stopAgent(here: AgentsHere, id: string): Promise<NodeAgent> {
  const { service, others, node } = open(here);
  if (others === null || service.has(id)) return { ...agentAnswer(await service.stop(id, null)), node };
  const place = await others.find(id, null);
  if (place.run !== null && place.run.row.endedAtMs !== null) return toldAnswer(place.run);
  const target = `/agent/stop/${encodeURIComponent(id)}`;
  await others.ask(place, { method: 'POST', target, viewer: null, headMs: SLOW_MS });
  return askForAgent(others, place, id);
}

export async function startAgent(
  here: AgentsHere,
  request: AgentRequest,
  { user, text }: { readonly user: string; readonly text: string },
): Promise<AgentStartedAnswer> {
  const { service, others, node } = open(here);
  const place = others === null ? null : await placeOfSessions([request], { others, service, viewer: user });
  if (place !== null && others !== null) {
    const call = { method: 'POST', target: '/agent/start', viewer: user, body: text, headMs: SLOW_MS } as const;
    return JSON.parse((await others.ask(place, call)).text) as AgentStartedAnswer;
  }
  const { id, pid, status } = await service.start(request, user);
  return { agent_id: id, pid, status: status === 'queued' ? 'queued' : 'started', node };
}

/** Fails at once where there is no such run. */
export async function agentFollower(
  here: AgentsHere,
  id: string,
  after: number,
): Promise<(sink: FeedSink) => Follower> {
  const { service, others } = open(here);
  if (others === null || service.has(id)) {
    service.require(id, null);
    return (sink) => service.follow(id, null, after, sink);
  }
  const place = await others.find(id, null);
  const { run } = place;
  const isWhole = run !== null && (place.way === null || (await others.isWhole(run, after).catch(() => true)));
  if (run !== null && isWhole) return (sink) => others.follow(run, after, sink);
  others.wayOf(place);
  return (sink) => followThere(others, place, { id, after, sink });
}

function followThere(
  others: OtherAgents,
  place: Place,
  { id, after, sink }: { readonly id: string; readonly after: number; readonly sink: FeedSink },
): Follower {
  const target = `/agent/${encodeURIComponent(id)}/events`;
  const fields = [['Last-Event-ID', String(after)]] as const;
  const call = others.call(
    place,
    { method: 'GET', target, viewer: null, fields, headMs: QUICK_MS },
    {
      head: () => {},
      body: (bytes, from, to) => {
        if (!sink.write(Buffer.from(bytes.subarray(from, to)))) call.pause();
      },
      end: () => sink.end(),
      failed: (error) => sink.fail(error),
    },
  );
  return { resume: () => call.resume(), leave: () => call.cancel() };
}

async function askForAgent(others: OtherAgents, place: Place, id: string): Promise<NodeAgent> {
  const call = { method: 'GET', target: `/agent/${encodeURIComponent(id)}`, viewer: null, headMs: QUICK_MS } as const;
  return JSON.parse((await others.ask(place, call)).text) as NodeAgent;
}

interface OpenAgents {
  readonly service: AgentService;
  readonly others: OtherAgents | null;
  readonly node: string;
}

function open({ service, others, nodeName: node }: AgentsHere): OpenAgents {
  if (service !== null) return { service, others, node };
  throw new SluiceError('not_found', { message: 'Agents are switched off: agents.enabled is false.' });
}
