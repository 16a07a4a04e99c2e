// Agents over HTTP: `/agent` and what is below it. Rule: a client that goes away stops nothing; what it has missed it finds again by the
// number of the last event that it has seen.
import type { Answer, Exchange } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import { readAgentRequest, readBatchRequest, readMessage } from '../../services/agents/agent-requests.ts';
import type { AgentService, ListQuestion } from '../../services/agents/agent-service.ts';
import type { AgentRequest, AgentRunRow, AgentStatus, Viewer } from '../../services/agents/agent-settings.ts';
import type { FeedSink, Follower } from '../../services/agents/event-feed.ts';
import { agentAnswer } from '../../services/agents/event-text.ts';
import {
  MISSED,
  MISSED_FIELD,
  NODE_FIELD,
  type NodeCall,
  VIEWER_FIELD,
  viewerOfText,
} from '../../services/agents/node-call.ts';
import { mergedAgents, type OtherAgents, type Place, toldAnswer } from '../../services/agents/other-agents.ts';
import { placeOfSessions } from '../../services/agents/session-place.ts';
import { EventStream, type News, NDJSON, OpenStreams, SSE } from './event-stream.ts';
import { RelayedAnswer } from './relayed-answer.ts';
import { WholeBody } from './whole-body.ts';

export interface AgentsOptions {
  /** null: there is none at the moment. */
  readonly service: () => AgentService | null;
  /** Those of other nodes; null: there are none, or it is one of them who asks. */
  readonly others?: () => OtherAgents | null;
  /** What people call this node. */
  readonly node?: () => string;
  /** The id of this node, for other nodes, which say whose requests they bring; null: clients ask. */
  readonly answersNodes?: () => string;
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 15_000;
/** How soon a client that was cut off comes again, if it is one that does so by itself. */
const RETRY_LINE = 'retry: 1000\n';
const DEFAULT_LISTED = 100;
const MOST_LISTED = 1000;
const STATUSES: readonly AgentStatus[] = [
  ...(['queued', 'running', 'ok', 'error', 'denied', 'stopped', 'timeout', 'crashed'] as const),
];
/** Of these there is nothing without a body. */
const STREAMS = /^\/agent\/(?:batch\/[^/]*|[^/]*\/events)$/;
const NUMBER = /^\d{1,15}$/;
/** Another process of ours is meant, at the same address. */
const MISSED_ANSWER: Answer = { status: MISSED, fields: [[MISSED_FIELD, '1']] };
/** A stop waits until nothing is left, and a start for its process. */
const SLOW_MS = 60_000;
const QUICK_MS = 10_000;
/** So long a start waits until other nodes know of it. */
const TOLD_MS = 250;

/** What is there, by method and path; `*` stands for an id. */
const PLACES: Readonly<Record<string, (call: Call) => void>> = {
  'GET ': list,
  'POST start': start,
  'POST stream': stream,
  'POST batch': batch,
  'GET batch/*': batchEvents,
  'POST stop/*': stop,
  'GET *': show,
  'GET */events': events,
  'POST */message': message,
};

/** One request, and what it needs. */
interface Call {
  readonly exchange: Exchange;
  readonly service: AgentService;
  readonly streams: OpenStreams;
  readonly others: OtherAgents | null;
  readonly node: string;
  /** Whose runs may be seen. */
  readonly viewer: Viewer;
  /** Another node asks; its id is not for clients. */
  readonly nodeId: string | null;
  readonly id: string;
  readonly query: URLSearchParams;
}

export function agents(options: AgentsOptions): AnswerTarget {
  const { service, others = () => null, node = () => '', answersNodes, heartbeatMs = HEARTBEAT_MS } = options;
  const streams = new OpenStreams(heartbeatMs);
  return {
    kind: 'answer',
    take: (exchange) => {
      const running = service();
      const { method, path, query } = exchange.request;
      const parts = path.split('/').slice(2);
      const { place, id } = placeOf(method === 'HEAD' && !STREAMS.test(path) ? 'GET' : method, parts);
      const answer = PLACES[place];
      const viewer = answersNodes === undefined ? exchange.user : viewerSaid(exchange);
      const nodeId = answersNodes?.() ?? null;
      if (viewer === undefined) exchange.fail('forbidden');
      else if (nodeId !== null && exchange.request.fields.get(NODE_FIELD) !== nodeId) exchange.answer(MISSED_ANSWER);
      else if (running === null) exchange.fail('shutting_down');
      else if (answer !== undefined) {
        const whose = { viewer, nodeId };
        const shared = { service: running, streams, others: others(), node: node(), ...whose };
        const call = { exchange, ...shared, id, query: new URLSearchParams(query) };
        guarded(exchange, () => answer(call));
      } else exchange.fail(isPlace(parts) ? 'method_not_allowed' : 'not_found');
    },
  };
}

/** By another node, which has found it out. */
function viewerSaid({ request: { fields } }: Exchange): Viewer | undefined {
  return viewerOfText(fields.get(VIEWER_FIELD) ?? '');
}

/** A whole name before an id. */
function placeOf(method: string, parts: readonly string[]): { readonly place: string; readonly id: string } {
  const exact = `${method} ${parts.join('/')}`;
  if (exact in PLACES) return { place: exact, id: '' };
  const ofName = { place: `${method} ${parts[0] ?? ''}/*`, id: parts[1] ?? '' };
  if (parts.length === 2 && ofName.place in PLACES) return ofName;
  return { place: `${method} ${['*', ...parts.slice(1)].join('/')}`, id: parts[0] ?? '' };
}

function isPlace(parts: readonly string[]): boolean {
  return ['GET', 'POST'].some((method) => placeOf(method, parts).place in PLACES);
}

function list(call: Call): void {
  const { exchange, service, viewer, others, node, nodeId } = call;
  const question = questionOf(call);
  const rows = service.list({ viewer, ...question });
  const own = rows.map((row) => ({ ...agentAnswer(row), node }));
  if (nodeId !== null) {
    const { running, queued } = service;
    answerJson(exchange, 200, { agents: own, running, queued });
  } else if (others === null) answerJson(exchange, 200, { agents: own });
  else {
    readBody(exchange, async (_, isGone) => {
      const { agents: theirs, missing } = await others.list({ viewer, ...question });
      const all = mergedAgents(own, theirs, question);
      if (!isGone()) answerJson(exchange, 200, { agents: all, ...(missing.length > 0 && { missing }) });
    });
  }
}

function questionOf({ query }: Call): Omit<ListQuestion, 'viewer'> {
  const status = query.get('status');
  if (status !== null && !isStatus(status)) throw invalid(`status: expected one of ${STATUSES.join(', ')}`);
  const limit = query.get('limit') ?? String(DEFAULT_LISTED);
  if (!NUMBER.test(limit)) throw invalid('limit: expected a number');
  return {
    ...(status !== null && { status }),
    ...given('batch', query.get('batch')),
    ...given('session', query.get('session_id')),
    limit: Math.min(Number(limit), MOST_LISTED),
  };
}

function show(call: Call): void {
  const { exchange, service, id, viewer, node } = call;
  const { others } = call;
  if (others === null || service.has(id)) {
    const row = service.require(id, viewer);
    answerJson(exchange, 200, { ...agentAnswer(row), node, position: service.positionOf(id) || null });
    return;
  }
  readBody(exchange, async (_, isGone) => {
    const place = await others.find(id, viewer);
    const answer = await others.ask(place, { ...passedOn(call), headMs: QUICK_MS }).then(
      ({ text }) => JSON.parse(text) as object,
      (error: unknown) => toldOr(place, error),
    );
    if (!isGone()) answerJson(exchange, 200, answer);
  });
}

/** As it was told, where its node cannot be asked. */
function toldOr({ run }: Place, error: unknown): object {
  if (run === null) throw error;
  return { ...toldAnswer(run), position: null };
}

function start(call: Call): void {
  const { exchange, service, others, node } = call;
  readBody(exchange, async (text, isGone) => {
    const request = readAgentRequest(text);
    if (await isRelayed(call, [request], { text, isGone })) return;
    const row = await service.start(request, call.viewer ?? '');
    await others?.settled(TOLD_MS);
    if (!isGone()) answerJson(exchange, 200, startedAnswer(row, service, node));
  });
}

function stream(call: Call): void {
  const { exchange, service, streams, viewer, others, node } = call;
  readBody(exchange, async (text, isGone) => {
    const request = readAgentRequest(text);
    if (await isRelayed(call, [request], { text, isGone })) return;
    const row = await service.start(request, viewer ?? '');
    await others?.settled(TOLD_MS);
    if (isGone()) return;
    const first = `${RETRY_LINE}event: started\ndata: ${JSON.stringify(startedAnswer(row, service, node))}\n\n`;
    const news = queueNews(row.id, service);
    new EventStream(exchange, SSE, streams)
      .hasNews(news)
      .begin(Buffer.from(first), [['X-Agent-Id', row.id]], (sink) => {
        return service.follow(row.id, viewer, 0, sink);
      });
  });
}

function events(call: Call): void {
  const { exchange, service, streams, id, query, others, viewer } = call;
  const after = lastSeen(exchange, query);
  if (others !== null && !service.has(id)) {
    eventsElsewhere(call, others, after);
    return;
  }
  const row = service.require(id, viewer);
  const end = service.endOf(id);
  if (end > 0 && after >= end) {
    // Clients that come again by themselves stop at that.
    exchange.answer({ status: 204 });
    return;
  }
  const stream = new EventStream(exchange, SSE, streams).hasNews(queueNews(id, service));
  stream.begin(Buffer.from(`${RETRY_LINE}\n`), [['X-Agent-Id', row.id]], (sink) =>
    service.follow(id, viewer, after, sink),
  );
}

/** As they were told; from the node that has them, where they were not told, or so many that the first are gone. */
function eventsElsewhere(call: Call, others: OtherAgents, after: number): void {
  const { exchange, streams, id, viewer } = call;
  readBody(exchange, async (_, isGone) => {
    const place = await others.find(id, viewer);
    const { run } = place;
    const isOver = run !== null && (await others.isAllTold(run, after).catch(() => false));
    const isWhole = run !== null && (place.way === null || (await others.isWhole(run, after).catch(() => true)));
    if (isGone()) return;
    if (isOver) exchange.answer({ status: 204 });
    else if (run === null || !isWhole) relay(call, others, place);
    else {
      const fields = [['X-Agent-Id', id]] as const;
      const follow = (sink: FeedSink): Follower => others.follow(run, after, sink);
      new EventStream(exchange, SSE, streams).begin(Buffer.from(`${RETRY_LINE}\n`), fields, follow);
    }
  });
}

function stop(call: Call): void {
  const { exchange, service, id, viewer, others } = call;
  readBody(exchange, async (_, isGone) => {
    if (others !== null && !service.has(id)) {
      const place = await others.find(id, viewer);
      const ended = place.run?.row.endedAtMs === null ? null : place.run;
      if (isGone()) return;
      if (ended === null) relay(call, others, place);
      else answerJson(exchange, 200, { status: 'stopped', agent_id: id, outcome: ended.row.status });
      return;
    }
    const row = await service.stop(id, viewer);
    if (!isGone()) answerJson(exchange, 200, { status: 'stopped', agent_id: id, outcome: row.status });
  });
}

function message(call: Call): void {
  const { exchange, service, id, viewer, others } = call;
  readBody(exchange, async (text, isGone) => {
    const said = readMessage(text);
    if (others !== null && !service.has(id)) {
      const place = await others.find(id, viewer);
      if (!isGone()) relay(call, others, place, text);
      return;
    }
    service.say(id, viewer, said);
    answerJson(exchange, 202, { agent_id: id, status: 'accepted' });
  });
}

function batch(call: Call): void {
  const { exchange, service, streams, viewer, others } = call;
  readBody(exchange, async (text, isGone) => {
    const { requests, concurrency, isTold } = readBatchRequest(text);
    if ((await isRelayed(call, requests, { text, isGone })) || isGone()) return;
    const { id, runs } = service.startBatch(requests, viewer ?? '', concurrency);
    await others?.settled(TOLD_MS);
    if (isGone()) return;
    const started = { type: 'batch_started', batch_id: id, agents: runs.map((run) => run.id) };
    const from = { after: 0, what: isTold ? 'all' : 'ends' } as const;
    const first = Buffer.from(`${JSON.stringify(started)}\n`);
    new EventStream(exchange, NDJSON, streams).begin(first, [['X-Batch-Id', id]], (sink) =>
      service.followBatch(id, viewer, from, sink),
    );
  });
}

function batchEvents(call: Call): void {
  const { exchange, service, streams, id, query, viewer, others } = call;
  const from = { after: lastSeen(exchange, query), what: query.get('stream') === 'false' ? 'ends' : 'all' } as const;
  const known = service.list({ viewer, batch: id, limit: 1 });
  const unknown = new SluiceError('not_found', { message: `Batch ${id} not found` });
  if (known.length === 0 && others !== null) {
    readBody(exchange, async (_, isGone) => {
      const place = await others.placeOf('batch', id, viewer);
      if (isGone()) return;
      if (place === null) throw unknown;
      relay(call, others, place);
    });
    return;
  }
  if (known.length === 0) throw unknown;
  new EventStream(exchange, NDJSON, streams).begin(Buffer.alloc(0), [['X-Batch-Id', id]], (sink) =>
    service.followBatch(id, viewer, from, sink),
  );
}

interface ReadBody {
  readonly text: string;
  readonly isGone: () => boolean;
}

/** A session goes on where it is. True: another node answers. */
async function isRelayed(call: Call, requests: readonly AgentRequest[], { text, isGone }: ReadBody): Promise<boolean> {
  const { others, service, viewer } = call;
  if (others === null) return false;
  const place = await placeOfSessions(requests, { others, service, viewer });
  if (place === null) return false;
  if (!isGone()) relay(call, others, place, text);
  return true;
}

function relay(call: Call, others: OtherAgents, place: Place, body?: string): void {
  const passed = { ...passedOn(call), headMs: SLOW_MS, ...(body !== undefined && { body }) };
  new RelayedAnswer(call.exchange, place).begin(others, passed);
}

/** The same that this node is asked. */
function passedOn({ exchange: { request }, viewer }: Call): Omit<NodeCall, 'headMs'> {
  const seen = request.fields.get('last-event-id');
  return {
    method: request.method === 'POST' ? 'POST' : 'GET',
    target: `${request.path}${request.query}`,
    viewer,
    ...(seen !== undefined && { fields: [['Last-Event-ID', seen]] }),
  };
}

function startedAnswer(row: AgentRunRow, service: AgentService, node: string): object {
  const { id, pid, session, status } = row;
  const position = service.positionOf(id);
  return {
    agent_id: id,
    pid,
    status: status === 'queued' ? 'queued' : 'started',
    ...(position > 0 && { position }),
    ...(session !== '' && { session_id: session }),
    node,
  };
}

/** The place of a run in the line, when it has changed. */
function queueNews(id: string, service: AgentService): News {
  let known = service.positionOf(id);
  return () => {
    const position = service.positionOf(id);
    if (position === known) return '';
    known = position;
    return position === 0 ? '' : `event: queued\ndata: ${JSON.stringify({ agent_id: id, position })}\n\n`;
  };
}

/** By the field that browsers send, or in the query for those that cannot. */
function lastSeen({ request }: Exchange, query: URLSearchParams): number {
  const text = request.fields.get('last-event-id') ?? query.get('last_event_id') ?? '0';
  if (!NUMBER.test(text)) throw invalid('Last-Event-ID: expected the number of an event');
  return Number(text);
}

function readBody(exchange: Exchange, then: (text: string, isGone: () => boolean) => Promise<void>): void {
  const body = WholeBody.read(exchange, (text) => {
    const isGone = (): boolean => body.isOver;
    const answered = async (): Promise<void> => then(text, isGone);
    answered().catch((cause: unknown) => {
      if (!isGone()) exchange.abort(errorOf(cause));
    });
  });
}

function guarded(exchange: Exchange, answer: () => void): void {
  try {
    answer();
  } catch (cause) {
    exchange.abort(errorOf(cause));
  }
}

function errorOf(cause: unknown): SluiceError {
  return cause instanceof SluiceError ? cause : new SluiceError('internal', { cause });
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}

function given<K extends string>(key: K, value: string | null): Partial<Record<K, string>> {
  return value === null ? {} : ({ [key]: value } as Partial<Record<K, string>>);
}

function isStatus(text: string): text is AgentStatus {
  return (STATUSES as readonly string[]).includes(text);
}

function answerJson(exchange: Exchange, status: number, body: object): void {
  const answer: Answer = {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body: JSON.stringify(body),
  };
  exchange.answer(answer);
}
