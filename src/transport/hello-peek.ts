// Looks at the beginning of a connection: whether it is TLS, and which server is asked for. Rule: what was read is handed on unread, and
// a beginning that does not come in time ends the connection.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { ClientHelloReader } from '../codec/tls/client-hello.ts';
import { Deadline, wheel } from './timers.ts';

export interface HelloPeekOptions {
  readonly timeoutMs: number;
  /**
   * `serverName`: as it was sent; null: there is none, or it is no TLS that could be understood. `first` is what was read. The socket is
   * paused and must be taken over before this returns.
   */
  readonly onReady: (serverName: string | null, first: Buffer) => void;
  /** The connection has ended, or was ended. */
  readonly onFailure: () => void;
}

const NOTHING = Buffer.alloc(0);

/** Takes an accepted socket that is paused, and what was read of it already. */
export function peekHello(socket: net.Socket, first: Buffer | null, options: HelloPeekOptions): void {
  new HelloPeek(socket, options).start(first ?? NOTHING);
}

class HelloPeek {
  readonly #socket: net.Socket;
  readonly #options: HelloPeekOptions;
  readonly #reader = new ClientHelloReader();
  readonly #deadline = new Deadline(() => this.#fail());
  #bytes: Buffer = NOTHING;

  constructor(socket: net.Socket, options: HelloPeekOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  start(first: Buffer): void {
    wheel.arm(this.#deadline, this.#options.timeoutMs);
    const socket = this.#socket;
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onEnd);
    socket.on('close', this.#onEnd);
    if (first.length > 0) this.#take(first);
  }

  readonly #onReadable = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk !== null) this.#take(chunk);
  };

  readonly #onEnd = (): void => this.#fail();

  #take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#reader.feed(chunk, 0, chunk.length);
    const { state } = this.#reader;
    if (state.kind === 'reading') return;
    this.#letGo();
    this.#socket.pause();
    this.#options.onReady(state.kind === 'hello' ? state.hello.serverName : null, this.#bytes);
  }

  #fail(): void {
    this.#letGo();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
    this.#options.onFailure();
  }

  #letGo(): void {
    wheel.release(this.#deadline);
    const socket = this.#socket;
    socket.removeListener('readable', this.#onReadable);
    socket.removeListener('end', this.#onEnd);
    socket.removeListener('error', this.#onEnd);
    socket.removeListener('close', this.#onEnd);
  }
}
