// One request of a visitor for a client of the generation 2.x: it waits for a proxy socket and has it for itself until the answer has
// come. Rule: after its end nothing is called any more.
import type { Buffer } from 'node:buffer';
import type { AnswerHead, StreamOpenFields } from '../../codec/tunnel/messages.ts';
import type { LinkStream } from './tunnel-link.ts';
import type { StreamEvents, StreamFailure } from './tunnel-stream.ts';

/** The proxy socket that carries it. */
export interface StreamSocket {
  resume(): void;
  /** Nobody waits for the answer any more. */
  abandon(): void;
}

export interface LegacyStreamOwner {
  left(stream: LegacyStream): void;
}

export class LegacyStream implements LinkStream {
  readonly sinceMs: number = performance.now();
  readonly request: Omit<StreamOpenFields, 'streamId'>;
  /** null: it was sent. */
  message: Buffer | null;
  /** null: it waits for one. */
  proxy: StreamSocket | null = null;
  readonly #owner: LegacyStreamOwner;
  readonly #events: StreamEvents;
  #over = false;

  constructor(
    owner: LegacyStreamOwner,
    { request, message }: { readonly request: Omit<StreamOpenFields, 'streamId'>; readonly message: Buffer },
    events: StreamEvents,
  ) {
    this.#owner = owner;
    this.request = request;
    this.message = message;
    this.#events = events;
  }

  head(head: AnswerHead): void {
    if (!this.#over) this.#events.head(head);
  }

  /** False: what follows waits for `resume`. */
  data(bytes: Buffer): boolean {
    return this.#over || this.#events.data(bytes, null, true);
  }

  ended(): void {
    if (this.#over) return;
    this.#leave();
    this.#events.ended(null, '');
  }

  failed(how: StreamFailure, why: string): void {
    if (this.#over) return;
    this.#leave();
    this.#events.failed(how, why);
  }

  /** The body has come along already. */
  send(): boolean {
    return true;
  }

  resume(): void {
    this.proxy?.resume();
  }

  close(): void {
    if (this.#over) return;
    this.#leave();
    this.proxy?.abandon();
  }

  reset(): void {
    this.close();
  }

  #leave(): void {
    this.#over = true;
    this.message = null;
    this.#owner.left(this);
  }
}
