// Agents of a Sluice, for programs in TypeScript. Rule: a stream goes on where it was cut, by the number of the last event; nothing is told
// twice, and nothing is left out.
import { type ClientConnection, type ClientRequest, SluiceRequestError } from './client-connection.ts';
import { eventsOf, linesOf } from './text-lines.ts';

export interface AgentRequest {
  readonly prompt: string;
  /** Goes on with a session, as an earlier run has named it. */
  readonly session_id?: string;
  readonly model?: string;
  readonly kind?: string;
  readonly cwd?: string;
  /** In seconds. */
  readonly timeout?: number;
  /** In seconds, how long it waits for another message after it has answered. */
  readonly linger?: number;
}

export interface AgentStarted {
  readonly agent_id: string;
  readonly pid: number | null;
  readonly status: 'started' | 'queued';
  readonly position?: number;
  readonly session_id?: string;
  /** On which it runs. */
  readonly node?: string;
}

export type AgentStatus = 'queued' | 'running' | 'ok' | 'error' | 'denied' | 'stopped' | 'timeout' | 'crashed';

export interface Agent {
  readonly agent_id: string;
  readonly kind: string;
  readonly status: AgentStatus;
  readonly session_id: string | null;
  readonly user: string | null;
  readonly model: string | null;
  readonly cwd: string;
  /** On which it runs, or has run; missing where its end is told. */
  readonly node?: string;
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

export type AgentEvent =
  | { readonly kind: 'started'; readonly agent: AgentStarted }
  /** Its place in the line has changed. */
  | { readonly kind: 'queued'; readonly position: number }
  /** A line that the agent has printed. */
  | { readonly kind: 'line'; readonly id: number; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: 'complete'; readonly id: number; readonly agent: Agent };

/** A line of a batch, as Sluice sends it. */
export type BatchEvent =
  | { readonly type: 'batch_started'; readonly batch_id: string; readonly agents: readonly string[] }
  | (BatchPlace & { readonly type: 'event'; readonly data: Readonly<Record<string, unknown>> })
  | (BatchPlace & { readonly type: 'complete'; readonly data: Agent })
  | {
      readonly type: 'batch_complete';
      readonly batch_id: string;
      readonly agents: number;
      readonly cost_usd: number | null;
    };

interface BatchPlace {
  readonly agent_id: string;
  readonly index: number;
  readonly id: number;
  readonly sequence: number;
}

export interface BatchRequest {
  readonly agents: readonly AgentRequest[];
  readonly concurrency?: number;
  /** false: only the ends of the runs. */
  readonly stream?: boolean;
}

export interface StreamOptions {
  /** Ends the stream. The agent goes on. */
  readonly signal?: AbortSignal;
  /** The number of the last event that is known already. */
  readonly after?: number;
}

export interface ListQuestion {
  readonly status?: AgentStatus;
  readonly session_id?: string;
  readonly batch?: string;
  readonly limit?: number;
}

/** So often in a row it is tried to come back. */
const ATTEMPTS = 10;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

export class AgentsClient {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  start(request: AgentRequest): Promise<AgentStarted> {
    return this.#connection.json({ method: 'POST', path: '/agent/start', body: request });
  }

  /** Starts one and tells all that it prints, to its end. Whoever reads no further leaves it running. */
  async *stream(request: AgentRequest, options: StreamOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    let known: AgentStarted | null = null;
    let last = 0;
    try {
      for await (const event of this.#events({
        method: 'POST',
        path: '/agent/stream',
        body: request,
        signal: options.signal,
      })) {
        if (event.kind === 'started') known = event.agent;
        else if (event.kind !== 'queued') last = event.id;
        yield event;
        if (event.kind === 'complete') return;
      }
    } catch (error) {
      // Whether it has started nobody knows before it says so.
      if (known === null || isFinal(error, options.signal)) throw error;
    }
    if (known === null) throw new Error('The answer of Sluice has ended before it had begun.');
    yield* this.events(known.agent_id, { ...options, after: last });
  }

  /** What it has printed and prints, to its end. */
  async *events(id: string, { signal, after = 0 }: StreamOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    const path = `/agent/${encodeURIComponent(id)}/events`;
    let last = after;
    const attempts = new Attempts(signal);
    for (;;) {
      try {
        const headers = { 'Last-Event-ID': String(last) };
        for await (const event of this.#events({ method: 'GET', path, headers, signal })) {
          if (event.kind === 'started') continue;
          if (event.kind !== 'queued') last = event.id;
          attempts.succeeded();
          yield event;
          if (event.kind === 'complete') return;
        }
        // Nothing is left to be told.
        if (last > 0 && (await this.show(id)).ended_at !== null) return;
      } catch (error) {
        if (isFinal(error, signal)) throw error;
        attempts.failed(error);
      }
      await attempts.wait();
    }
  }

  /** Starts them all, so many at once, and tells what they print. */
  async *batch(request: BatchRequest, options: StreamOptions = {}): AsyncGenerator<BatchEvent, void, void> {
    const { signal } = options;
    let batch = '';
    let last = 0;
    const attempts = new Attempts(signal);
    let next: ClientRequest = { method: 'POST', path: '/agent/batch', body: request, signal };
    for (;;) {
      try {
        for await (const event of this.#batchEvents(next)) {
          if (event.type === 'batch_started') batch = event.batch_id;
          else if (event.type !== 'batch_complete') last = event.sequence;
          attempts.succeeded();
          yield event;
          if (event.type === 'batch_complete') return;
        }
      } catch (error) {
        if (batch === '' || isFinal(error, signal)) throw error;
        attempts.failed(error);
      }
      const ends = request.stream === false ? '&stream=false' : '';
      next = { method: 'GET', path: `/agent/batch/${batch}?last_event_id=${last}${ends}`, signal };
      await attempts.wait();
    }
  }

  /** One more message to an agent that runs. */
  async message(id: string, message: string): Promise<void> {
    await this.#connection.json({
      method: 'POST',
      path: `/agent/${encodeURIComponent(id)}/message`,
      body: { message },
    });
  }

  /** Resolves when nothing of it is left. */
  async stop(id: string): Promise<void> {
    await this.#connection.json({ method: 'POST', path: `/agent/stop/${encodeURIComponent(id)}`, body: {} });
  }

  show(id: string): Promise<Agent> {
    return this.#connection.json({ method: 'GET', path: `/agent/${encodeURIComponent(id)}` });
  }

  async list(question: ListQuestion = {}): Promise<readonly Agent[]> {
    const query = new URLSearchParams(Object.entries(question).map(([key, value]) => [key, String(value)]));
    const { agents } = await this.#connection.json<{ readonly agents: readonly Agent[] }>({
      method: 'GET',
      path: `/agent?${query.toString()}`,
    });
    return agents;
  }

  async *#events(request: ClientRequest): AsyncGenerator<AgentEvent, void, void> {
    for await (const { name, id, data } of eventsOf(this.#connection.text(request))) {
      const value = JSON.parse(data) as unknown;
      if (name === 'started') yield { kind: 'started', agent: value as AgentStarted };
      else if (name === 'queued') yield { kind: 'queued', position: (value as { readonly position: number }).position };
      else if (name === 'complete') yield { kind: 'complete', id: Number(id), agent: value as Agent };
      else yield { kind: 'line', id: Number(id), data: value as Readonly<Record<string, unknown>> };
    }
  }

  async *#batchEvents(request: ClientRequest): AsyncGenerator<BatchEvent, void, void> {
    for await (const line of linesOf(this.#connection.text(request))) {
      if (line.trim() !== '') yield JSON.parse(line) as BatchEvent;
    }
  }
}

/** Trying again would not help, or nobody wants it. */
function isFinal(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted === true) return true;
  return error instanceof SluiceRequestError && error.status < 500 && error.status !== 429;
}

/** Waits longer from one failure to the next, and gives up after some. */
class Attempts {
  readonly #signal: AbortSignal | undefined;
  #failures = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures >= ATTEMPTS) throw error;
  }

  async wait(): Promise<void> {
    const ms = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      this.#signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(this.#signal?.reason as Error);
      });
    });
  }
}
