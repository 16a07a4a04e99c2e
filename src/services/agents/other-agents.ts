// The agents of all other nodes, as this one asks for them. Rule: the node that has a run, a session or a batch answers for it, and is asked once; of
// what is on a node that is gone, or that takes no requests of others, it is told as much as is known.
import { SluiceError } from '../../core/errors.ts';
import type { NodeEntry } from '../../state/shared-state.ts';
import type { Viewer } from './agent-settings.ts';
import type { ListQuestion } from './agent-service.ts';
import type { FeedSink, Follower } from './event-feed.ts';
import type { AgentAnswer } from './event-text.ts';
import { agentAnswer } from './event-text.ts';
import { GoneNodes } from './gone-nodes.ts';
import {
  askNode,
  callNode,
  type NodeCall,
  type NodeReply,
  type NodeWay,
  type OpenCall,
  type ReplyEvents,
} from './node-call.ts';
import type { ToldRun } from './run-text.ts';
import type { SharedRuns } from './shared-runs.ts';
import type { PlacedKind } from './told-runs.ts';

export interface OtherAgentsOptions {
  readonly runs: SharedRuns;
  /** The way to a node; null: nodes have no door for each other. */
  readonly wayTo: ((node: NodeEntry) => NodeWay) | null;
}

/** What other nodes have. */
export interface OtherRuns {
  readonly agents: readonly NodeAgent[];
  readonly running: number;
  readonly queued: number;
  /** Nodes that did not say in time what they have. */
  readonly missing: readonly string[];
}

export interface NodeAgent extends AgentAnswer {
  readonly node: string;
}

/** What a node answers when another asks it for its runs. */
export interface NodeList {
  readonly agents: readonly NodeAgent[];
  readonly running: number;
  readonly queued: number;
}

/** A node that can be asked for something, and the run as it was told, if it was. */
export interface Place {
  readonly name: string;
  readonly way: NodeWay | null;
  /** It is there, as far as is known. */
  readonly isThere: boolean;
  readonly run: ToldRun | null;
}

const LIST_MS = 2_000;
const FIND_MS = 2_000;
const PING_MS = 2_000;
const NOBODY = 'nobody';

export class OtherAgents {
  readonly #options: OtherAgentsOptions;
  readonly #gone: GoneNodes;

  constructor(options: OtherAgentsOptions) {
    this.#options = options;
    const { runs, wayTo } = options;
    this.#gone = new GoneNodes({
      runs,
      answers: wayTo === null ? null : (id, address) => this.#answers(wayTo({ id, address })),
    });
  }

  /** Those of the other nodes; a node may know some of them no more. */
  async list(question: ListQuestion): Promise<OtherRuns> {
    const ways = this.#ways();
    const [asked, told] = await Promise.all([
      Promise.all(ways.map((way) => this.#listOf(way, question))),
      this.#toldRuns(question).catch(() => []),
    ]);
    const lists = asked.filter((list) => list !== null);
    return {
      agents: [...lists.flatMap(({ agents }) => agents), ...told],
      running: sumOf(lists.map(({ running }) => running)) + countOf(told, 'running'),
      queued: sumOf(lists.map(({ queued }) => queued)) + countOf(told, 'queued'),
      missing: ways.filter((_, at) => asked[at] === null).map(({ name }) => name),
    };
  }

  /** Throws where nobody has a run of that id, or nobody of whom this viewer may know. */
  async find(id: string, viewer: Viewer): Promise<Place> {
    const run = await this.#options.runs.find(id).catch(() => null);
    const place = run === null ? null : this.#placeOn(run.node, run.name, run);
    if (place?.isThere !== true) {
      const found = await this.#askAll(`/agent/${encodeURIComponent(id)}`, viewer, () => true);
      if (found !== null) return { ...found, run };
    }
    if (place === null || (viewer !== null && run?.row.user !== viewer)) {
      throw new SluiceError('not_found', { message: `Agent ${id} not found` });
    }
    return place;
  }

  /** null: no other node is known to have it. */
  async placeOf(kind: PlacedKind, name: string, viewer: Viewer): Promise<Place | null> {
    const told = await this.#options.runs.told.placeOf(kind, name).catch(() => null);
    const place = told === null || told.node === this.#options.runs.node ? null : this.#placeOn(told.node, told.name);
    if (place?.isThere === true) return place;
    const query = kind === 'batch' ? { batch: name } : { session_id: name.slice(name.indexOf(' ') + 1) };
    const target = `/agent?${new URLSearchParams({ ...query, limit: '1' }).toString()}`;
    const found = await this.#askAll(target, viewer, ({ text }) => listOf(text).agents.length > 0);
    return found ?? place;
  }

  /** Asks the node that has it. */
  async ask(place: Place, call: NodeCall): Promise<NodeReply> {
    return askNode(this.wayOf(place), call);
  }

  /** The same for long answers. */
  call(place: Place, call: NodeCall, events: ReplyEvents): OpenCall {
    return callNode(this.wayOf(place), call, events);
  }

  /** All that follows was told, so that it can be followed without its node. */
  async isWhole({ row }: ToldRun, after: number): Promise<boolean> {
    const [first] = await this.#options.runs.told.page(row.id, after);
    return first === undefined || first.number === after + 1;
  }

  /** As `AgentService.follow`. */
  follow(run: ToldRun, after: number, sink: FeedSink): Follower {
    return this.#options.runs.follow(run, after, sink);
  }

  /** It has ended, and its last event is before that number. */
  async isAllTold({ row }: ToldRun, after: number): Promise<boolean> {
    if (row.endedAtMs === null || after === 0) return false;
    return (await this.#options.runs.told.page(row.id, after)).length === 0;
  }

  /** Resolves when other nodes know of what was started here, or soon in any case. */
  settled(withinMs: number): Promise<void> {
    return this.#options.runs.settled(withinMs);
  }

  /** Nobody is looked for any more. */
  rest(): void {
    this.#gone.close();
  }

  /** Throws where the node cannot be asked. */
  wayOf({ way, name, isThere }: Place): NodeWay {
    if (!isThere) {
      throw new SluiceError('node_unreachable', { message: `It is on the node ${name}, which is gone.` });
    }
    if (way !== null) return way;
    const message = `It is on the node ${name}, and nodes have no door for each other here: ask that node, or set process.node.`;
    throw new SluiceError('agent_elsewhere', { message });
  }

  #placeOn(node: string, name: string, run: ToldRun | null = null): Place {
    const { runs, wayTo } = this.#options;
    const entry = runs.nodes.find(({ id }) => id === node);
    const isReachable = entry !== undefined && entry.address !== '' && wayTo !== null;
    return { name, way: isReachable ? wayTo(entry) : null, isThere: entry !== undefined, run };
  }

  #others(): NodeEntry[] {
    const { runs } = this.#options;
    return runs.nodes.filter(({ id }) => id !== runs.node);
  }

  #ways(): NodeWay[] {
    const { wayTo } = this.#options;
    if (wayTo === null) return [];
    return this.#others()
      .filter(({ address }) => address !== '')
      .map((entry) => wayTo(entry));
  }

  /** The first node that says yes; throws where none does and not all could be asked. */
  async #askAll(target: string, viewer: Viewer, fits: (reply: NodeReply) => boolean): Promise<Place | null> {
    const call: NodeCall = { method: 'GET', target, viewer, headMs: FIND_MS };
    const asked = this.#ways().map(async (way) => {
      const reply = await askNode(way, call).catch((error: unknown) => {
        if (error instanceof SluiceError && error.code === 'not_found') return null;
        throw error;
      });
      if (reply !== null && fits(reply)) return way;
      throw new Error(NOBODY);
    });
    try {
      const way = await Promise.any(asked);
      return { name: way.name, way, isThere: true, run: null };
    } catch (error) {
      const reasons = error instanceof AggregateError ? (error.errors as Error[]) : [];
      const missing = reasons.find(({ message }) => message !== NOBODY);
      if (missing !== undefined) throw missing;
      return null;
    }
  }

  async #listOf(way: NodeWay, { viewer, status, batch, session, limit }: ListQuestion): Promise<NodeList | null> {
    const query = new URLSearchParams({
      limit: String(limit),
      ...(status !== undefined && { status }),
      ...(batch !== undefined && { batch }),
      ...(session !== undefined && { session_id: session }),
    });
    try {
      const target = `/agent?${query.toString()}`;
      return listOf((await askNode(way, { method: 'GET', target, viewer, headMs: LIST_MS })).text);
    } catch {
      return null;
    }
  }

  /** Of nodes that cannot be asked, because they are gone or have no door. */
  async #toldRuns({ viewer, status, batch, session }: ListQuestion): Promise<NodeAgent[]> {
    const { runs, wayTo } = this.#options;
    const askable = wayTo === null ? [] : this.#others().filter(({ address }) => address !== '');
    const known = new Set([runs.node, ...askable.map(({ id }) => id)]);
    const silent = [...(await runs.told.nodes()).keys()].filter((id) => !known.has(id));
    const told = (await Promise.all(silent.map((id) => runs.told.runsOf(id)))).flat();
    return told
      .filter(({ row }) => viewer === null || row.user === viewer)
      .filter(({ row }) => status === undefined || row.status === status)
      .filter(({ row }) => batch === undefined || row.batch === batch)
      .filter(({ row }) => session === undefined || row.session === session)
      .sort((one, other) => one.row.place - other.row.place)
      .map(toldAnswer);
  }

  /** Not only somebody at its address, who may have come after it. */
  async #answers(way: NodeWay): Promise<boolean> {
    const call: NodeCall = { method: 'GET', target: '/agent?limit=0', viewer: null, headMs: PING_MS };
    return askNode(way, call).then(
      () => true,
      () => false,
    );
  }
}

export function toldAnswer({ name, row }: ToldRun): NodeAgent {
  return { ...agentAnswer(row), node: name };
}

/** Of several nodes: the newest first, those of a batch in their order; each once. */
export function mergedAgents(
  own: readonly NodeAgent[],
  others: readonly NodeAgent[],
  { batch, limit }: Pick<ListQuestion, 'batch' | 'limit'>,
): NodeAgent[] {
  const all = new Map<string, NodeAgent>();
  for (const agent of [...own, ...others]) if (!all.has(agent.agent_id)) all.set(agent.agent_id, agent);
  const merged = [...all.values()];
  // A batch is on one node.
  if (batch === undefined) merged.sort((one, other) => other.queued_at.localeCompare(one.queued_at));
  return merged.slice(0, limit);
}

function listOf(text: string): NodeList {
  const { agents = [], running = 0, queued = 0 } = JSON.parse(text) as Partial<NodeList>;
  return { agents, running, queued };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function countOf(agents: readonly NodeAgent[], status: string): number {
  return agents.filter((agent) => agent.status === status).length;
}
