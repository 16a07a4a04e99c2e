// What the API tells as events, read with fetch so that a stream can go on where it was, whatever has ended it. Rule: it comes back by itself, ever more
// patiently, until it is left; whoever shows it knows whether it is live.
import { signal, type ReadonlySignal } from '@preact/signals';
import { ApiError, ask } from './api.ts';

export type StreamState = 'connecting' | 'live' | 'reconnecting';

export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

export interface EventStreamOptions {
  readonly path: string;
  /** Goes on behind this one; missing: from now on. */
  readonly after?: string;
  readonly take: (event: StreamEvent) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #state = signal<StreamState>('connecting');
  readonly #left = new AbortController();
  #lastId: string;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#lastId = options.after ?? '';
    void this.#run();
  }

  get state(): ReadonlySignal<StreamState> {
    return this.#state;
  }

  leave(): void {
    this.#left.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#left;
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        await this.#follow(() => {
          waitMs = FIRST_WAIT_MS;
        });
      } catch (error) {
        if (signal.aborted || (error instanceof ApiError && error.status === 401)) return;
      }
      if (signal.aborted) return;
      this.#state.value = 'reconnecting';
      await pause(waitMs, signal);
    }
  }

  async #follow(onLive: () => void): Promise<void> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.#lastId !== '') headers['Last-Event-ID'] = this.#lastId;
    const { body } = await ask(this.#options.path, { headers, signal: this.#left.signal, cache: 'no-store' });
    if (body === null) return;
    const parser = new EventParser((event) => {
      if (event.id !== '') this.#lastId = event.id;
      this.#options.take(event);
    });
    this.#state.value = 'live';
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      onLive();
      parser.write(part.value);
    }
  }
}

/** Of text/event-stream, as the HTML standard has it, without `retry`. */
export class EventParser {
  readonly #take: (event: StreamEvent) => void;
  #rest = '';
  #type = '';
  #id = '';
  #data: string[] = [];

  constructor(take: (event: StreamEvent) => void) {
    this.#take = take;
  }

  write(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const at = line.indexOf(':');
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id') this.#id = value;
  }

  #dispatch(): void {
    const type = this.#type === '' ? 'message' : this.#type;
    if (this.#data.length > 0) this.#take({ type, data: this.#data.join('\n'), id: this.#id });
    this.#type = '';
    this.#data = [];
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
