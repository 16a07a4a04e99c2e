// Agents over HTTP: `/agent` and what is below it. Rule: a client that goes away stops nothing; what it has missed it finds again by the
// number of the last event that it has seen.
import type { Answer, Exchange } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import { readAgentRequest, readBatchRequest, readMessage } from '../../services/agents/agent-requests.ts';
import type { AgentService } from '../../services/agents/agent-service.ts';
import type { AgentRunRow, AgentStatus } from '../../services/agents/agent-settings.ts';
import type { FeedSink, Follower } from '../../services/agents/event-feed.ts';
import type { ToldRun } from '../../services/agents/run-text.ts';
import type { SharedRuns } from '../../services/agents/shared-runs.ts';
import { agentAnswer } from '../../services/agents/event-text.ts';
import { EventStream, type News, NDJSON, OpenStreams, SSE } from './event-stream.ts';
import { WholeBody } from './whole-body.ts';

export interface AgentsOptions {
  /** null: there is none at the moment. */
  readonly service: () => AgentService | null;
  /** Runs of other nodes; null: there are none. */
  readonly elsewhere?: () => SharedRuns | null;
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
  readonly elsewhere: SharedRuns | null;
  readonly id: string;
  readonly query: URLSearchParams;
}

export function agents({ service, elsewhere = () => null, heartbeatMs = HEARTBEAT_MS }: AgentsOptions): AnswerTarget {
  const streams = new OpenStreams(heartbeatMs);
  return {
    kind: 'answer',
    take: (exchange) => {
      const running = service();
      const { method, path, query } = exchange.request;
      const parts = path.split('/').slice(2);
      const { place, id } = placeOf(method === 'HEAD' && !STREAMS.test(path) ? 'GET' : method, parts);
      const answer = PLACES[place];
      if (running === null) exchange.fail('shutting_down');
      else if (answer !== undefined) {
        const shared = { service: running, streams, elsewhere: elsewhere() };
        const call = { exchange, ...shared, id, query: new URLSearchParams(query) };
        guarded(exchange, () => answer(call));
      } else exchange.fail(isPlace(parts) ? 'method_not_allowed' : 'not_found');
    },
  };
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

function list({ exchange, service, query }: Call): void {
  const status = query.get('status');
  if (status !== null && !isStatus(status)) throw invalid(`status: expected one of ${STATUSES.join(', ')}`);
  const limit = query.get('limit') ?? String(DEFAULT_LISTED);
  if (!NUMBER.test(limit)) throw invalid('limit: expected a number');
  const rows = service.list({
    viewer: exchange.user,
    ...(status !== null && { status }),
    ...given('batch', query.get('batch')),
    ...given('session', query.get('session_id')),
    limit: Math.min(Number(limit), MOST_LISTED),
  });
  answerJson(exchange, 200, { agents: rows.map(agentAnswer) });
}

function show(call: Call): void {
  const { exchange, service, id, elsewhere } = call;
  if (elsewhere !== null && !service.has(id)) {
    findElsewhere(call, elsewhere, ({ row }) => answerJson(exchange, 200, { ...agentAnswer(row), position: null }));
    return;
  }
  const row = service.require(id, exchange.user);
  answerJson(exchange, 200, { ...agentAnswer(row), position: service.positionOf(id) || null });
}

function start({ exchange, service }: Call): void {
  const { user } = exchange;
  readBody(exchange, async (text, isGone) => {
    const row = await service.start(readAgentRequest(text), user);
    if (!isGone()) answerJson(exchange, 200, startedAnswer(row, service));
  });
}

function stream({ exchange, service, streams }: Call): void {
  const { user } = exchange;
  readBody(exchange, async (text, isGone) => {
    const row = await service.start(readAgentRequest(text), user);
    if (isGone()) return;
    const first = `${RETRY_LINE}event: started\ndata: ${JSON.stringify(startedAnswer(row, service))}\n\n`;
    const news = queueNews(row.id, service);
    new EventStream(exchange, SSE, streams)
      .hasNews(news)
      .begin(Buffer.from(first), [['X-Agent-Id', row.id]], (sink) => {
        return service.follow(row.id, user, 0, sink);
      });
  });
}

function events(call: Call): void {
  const { exchange, service, streams, id, query, elsewhere } = call;
  if (elsewhere !== null && !service.has(id)) {
    const after = lastSeen(exchange, query);
    findElsewhere(call, elsewhere, (run) => {
      const fields = [['X-Agent-Id', id]] as const;
      const follow = (sink: FeedSink): Follower => elsewhere.follow(run, after, sink);
      new EventStream(exchange, SSE, streams).begin(Buffer.from(`${RETRY_LINE}\n`), fields, follow);
    });
    return;
  }
  const { user } = exchange;
  const row = service.require(id, user);
  const after = lastSeen(exchange, query);
  const end = service.endOf(id);
  if (end > 0 && after >= end) {
    // Clients that come again by themselves stop at that.
    exchange.answer({ status: 204 });
    return;
  }
  const stream = new EventStream(exchange, SSE, streams).hasNews(queueNews(id, service));
  stream.begin(Buffer.from(`${RETRY_LINE}\n`), [['X-Agent-Id', row.id]], (sink) =>
    service.follow(id, user, after, sink),
  );
}

/** Runs of others are as if they were not there, on whatever node. */
function findElsewhere({ exchange, id }: Call, elsewhere: SharedRuns, then: (run: ToldRun) => void): void {
  const { user } = exchange;
  readBody(exchange, async (_, isGone) => {
    const run = await elsewhere.find(id);
    if (isGone()) return;
    if (run === null || run.row.user !== user) {
      throw new SluiceError('not_found', { message: `Agent ${id} not found` });
    }
    then(run);
  });
}

function stop({ exchange, service, id }: Call): void {
  const { user } = exchange;
  readBody(exchange, async (_, isGone) => {
    const row = await service.stop(id, user);
    if (!isGone()) answerJson(exchange, 200, { status: 'stopped', agent_id: id, outcome: row.status });
  });
}

function message({ exchange, service, id }: Call): void {
  const { user } = exchange;
  readBody(exchange, (text) => {
    service.say(id, user, readMessage(text));
    answerJson(exchange, 202, { agent_id: id, status: 'accepted' });
    return Promise.resolve();
  });
}

function batch({ exchange, service, streams }: Call): void {
  const { user } = exchange;
  readBody(exchange, (text) => {
    const { requests, concurrency, isTold } = readBatchRequest(text);
    const { id, runs } = service.startBatch(requests, user, concurrency);
    const started = { type: 'batch_started', batch_id: id, agents: runs.map((run) => run.id) };
    const from = { after: 0, what: isTold ? 'all' : 'ends' } as const;
    const first = Buffer.from(`${JSON.stringify(started)}\n`);
    new EventStream(exchange, NDJSON, streams).begin(first, [['X-Batch-Id', id]], (sink) =>
      service.followBatch(id, user, from, sink),
    );
    return Promise.resolve();
  });
}

function batchEvents({ exchange, service, streams, id, query }: Call): void {
  const { user } = exchange;
  const from = { after: lastSeen(exchange, query), what: query.get('stream') === 'false' ? 'ends' : 'all' } as const;
  const known = service.list({ viewer: user, batch: id, limit: 1 });
  if (known.length === 0) throw new SluiceError('not_found', { message: `Batch ${id} not found` });
  new EventStream(exchange, NDJSON, streams).begin(Buffer.alloc(0), [['X-Batch-Id', id]], (sink) =>
    service.followBatch(id, user, from, sink),
  );
}

function startedAnswer(row: AgentRunRow, service: AgentService): object {
  const { id, pid, session, status } = row;
  const position = service.positionOf(id);
  return {
    agent_id: id,
    pid,
    status: status === 'queued' ? 'queued' : 'started',
    ...(position > 0 && { position }),
    ...(session !== '' && { session_id: session }),
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
