// The events of a run as clients get them: server-sent events for one run, lines of JSON for several. Rule: a line that is JSON passes
// as it is; whatever is not is wrapped, so that a client finds JSON everywhere.
import { isUtf8 } from 'node:buffer';
import type { AgentEvent, AgentRunRow, PlacedAgentEvent } from '../../state/agent-events.ts';
import type { FeedEvent } from './event-feed.ts';

/** What a line is that is no JSON. */
export const RAW = 'raw';
/** The last event of each run. It is ours, and no agent can say it. */
export const COMPLETE = 'sluice.complete';

const LF = Buffer.from('\n');
const BLANK = Buffer.from('\n\n');
const SPACE = 32;
const CR = 13;

/** As `text/event-stream`. */
export function sseOf({ number, type, line }: AgentEvent): Buffer {
  const name = type === COMPLETE ? 'event: complete\n' : '';
  return Buffer.concat([Buffer.from(`${name}id: ${number}\ndata: `), jsonOf(type, line), BLANK]);
}

export function feedEventOf(event: AgentEvent): FeedEvent {
  return { position: event.number, bytes: sseOf(event), isLast: event.type === COMPLETE };
}

/** As a line of `application/x-ndjson`: the event with whose it is. */
export function ndjsonOf(event: PlacedAgentEvent, place: number): Buffer {
  const { run, number, sequence, type, line } = event;
  const kind = type === COMPLETE ? 'complete' : 'event';
  const head = `{"type":"${kind}","agent_id":"${run}","index":${place},"id":${number},"sequence":${sequence},"data":`;
  return Buffer.concat([Buffer.from(head), jsonOf(type, line), Buffer.from('}'), LF]);
}

function jsonOf(type: string, line: Buffer): Buffer {
  if (type !== RAW) return line.includes(CR) ? withoutCr(line) : line;
  const content = isUtf8(line) ? { data: line.toString() } : { data: line.toString('base64'), encoding: 'base64' };
  return Buffer.from(JSON.stringify({ type: RAW, ...content }));
}

/** Within JSON it can only stand between values, where it means nothing. */
function withoutCr(line: Buffer): Buffer {
  const copy = Buffer.from(line);
  for (let at = copy.indexOf(CR); at >= 0; at = copy.indexOf(CR, at)) copy[at] = SPACE;
  return copy;
}

/** What clients are told of a run, in the one form that is used everywhere. */
export interface AgentAnswer {
  readonly agent_id: string;
  readonly kind: string;
  readonly status: AgentRunRow['status'];
  readonly session_id: string | null;
  readonly user: string | null;
  readonly model: string | null;
  readonly cwd: string;
  readonly pid: number | null;
  readonly batch: string | null;
  readonly queued_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly cache_read_tokens: number;
    readonly cache_write_tokens: number;
  } | null;
  readonly cost_usd: number | null;
}

export function agentAnswer(run: AgentRunRow): AgentAnswer {
  const { tokens, startedAtMs, endedAtMs } = run;
  return {
    agent_id: run.id,
    kind: run.kind,
    status: run.status,
    session_id: run.session || null,
    user: run.user || null,
    model: run.model || null,
    cwd: run.cwd,
    pid: run.status === 'running' ? run.pid : null,
    batch: run.batch || null,
    queued_at: timeOf(run.queuedAtMs),
    started_at: startedAtMs === null ? null : timeOf(startedAtMs),
    ended_at: endedAtMs === null ? null : timeOf(endedAtMs),
    duration_ms: startedAtMs === null || endedAtMs === null ? null : endedAtMs - startedAtMs,
    exit_code: run.exitCode,
    signal: run.signal,
    reason: run.reason || null,
    usage:
      tokens === null
        ? null
        : {
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cache_read_tokens: tokens.cacheRead,
            cache_write_tokens: tokens.cacheWrite,
          },
    cost_usd: run.cost,
  };
}

/** The event with which a run ends. */
export function completeEvent(run: AgentRunRow, number: number): AgentEvent & { readonly run: string } {
  return { run: run.id, number, type: COMPLETE, line: Buffer.from(JSON.stringify(agentAnswer(run))) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
