// Where the answer of a command goes over a WebSocket: each line is a message of its own.
import type { ServerSocket } from '../../services/websocket/server-socket.ts';
import type { AnswerSink } from './command-answer.ts';

const LINE_END = 0x0a;

export class SocketSink implements AnswerSink {
  readonly #socket: ServerSocket;
  readonly #onFull: () => void;

  /** `onFull`: the client has enough for now. */
  constructor(socket: ServerSocket, onFull: () => void) {
    this.#socket = socket;
    this.#onFull = onFull;
  }

  begin(): void {}

  write(bytes: Uint8Array, from: number, to: number): void {
    const end = bytes[to - 1] === LINE_END ? to - 1 : to;
    if (!this.#socket.sendText(bytes, from, end)) this.#onFull();
  }

  end(): void {}
}
