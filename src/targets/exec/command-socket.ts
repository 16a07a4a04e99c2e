// A command over a WebSocket: the first message asks for it, those that follow are its input, and what it says comes as messages; with a
// terminal where that is wanted. Rule: as over HTTP, the program goes no faster than its client reads, and not on without one.
import { Buffer } from 'node:buffer';
import type { Exchange } from '../../contract/exchange.ts';
import { errorBody, SluiceError } from '../../core/errors.ts';
import { type CommandRequest, readCommand } from '../../services/processes/command-request.ts';
import type { CommandRun } from '../../services/processes/command-service.ts';
import type { RunEnd, RunEvents } from '../../services/processes/run-spec.ts';
import { type LoadPty, Terminal } from '../../services/processes/terminal.ts';
import {
  acceptWebSocket,
  CLOSE_CODE,
  type ServerSocket,
  type SocketEvents,
} from '../../services/websocket/server-socket.ts';
import type { ExecOptions } from './exec.ts';
import { readMessage } from './socket-message.ts';
import { SocketSink } from './socket-sink.ts';
import { StreamedAnswer } from './streamed-answer.ts';

/** As much as a request may hold by HTTP, unless that is configured otherwise. */
const MAX_TEXT_BYTES = 10 * 1024 * 1024;

export class CommandSocket implements RunEvents, SocketEvents {
  readonly #options: ExecOptions;
  readonly #loadPty: LoadPty;
  readonly #turn: string;
  readonly #requestId: string;
  readonly #socket: ServerSocket | null;
  readonly #answer: StreamedAnswer | null;
  #run: CommandRun | null = null;
  #terminal: Terminal | null = null;
  #state: 'waiting' | 'asked' | 'over' = 'waiting';

  constructor(exchange: Exchange, options: ExecOptions, turn: string) {
    this.#options = options;
    this.#loadPty = options.loadPty;
    this.#turn = turn;
    this.#requestId = exchange.id;
    const { heartbeatMs } = options;
    this.#socket = acceptWebSocket(exchange, { events: this, maxTextBytes: MAX_TEXT_BYTES, heartbeatMs });
    this.#answer =
      this.#socket === null ? null : new StreamedAnswer(new SocketSink(this.#socket, () => this.#holdUp()));
  }

  // -- From the client ---------------------------------------------------------------------------------------------

  text(text: string): void {
    try {
      if (this.#state === 'waiting') this.#ask(readCommand(text));
      else if (this.#state === 'asked') this.#hear(text);
    } catch (error) {
      this.failed(error as SluiceError);
    }
  }

  bytes(bytes: Buffer): void {
    if (this.#state === 'asked') this.#input(Buffer.from(bytes));
    else if (this.#state === 'waiting')
      this.failed(new SluiceError('invalid_input', { message: 'the first message has to ask for a command' }));
  }

  resume(): void {
    this.#run?.process?.resume('stdout');
    this.#run?.process?.resume('stderr');
  }

  closed(): void {
    this.#state = 'over';
    this.#run?.cancel();
  }

  // -- From the program --------------------------------------------------------------------------------------------

  started(): void {
    this.#socket?.unpause();
  }

  inputReady(): void {
    this.#socket?.unpause();
  }

  failed(error: SluiceError): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#run?.cancel();
    const said = Buffer.from(
      JSON.stringify({ type: 'error', ...errorBody(error.code, error.message, this.#requestId) }),
    );
    this.#socket?.sendText(said, 0, said.length);
    this.#socket?.close(error.side === 'downstream' ? CLOSE_CODE.refused : CLOSE_CODE.fault, error.code);
    this.#socket?.unpause();
  }

  stdout(bytes: Buffer): void {
    if (this.#state === 'asked') this.#answer?.output('stdout', bytes);
  }

  stderr(bytes: Buffer): void {
    if (this.#state === 'asked') this.#answer?.output('stderr', bytes);
  }

  ended(end: RunEnd): void {
    if (this.#state !== 'asked') return;
    this.#answer?.ended(end);
    this.#state = 'over';
    this.#socket?.close(CLOSE_CODE.normal);
    this.#socket?.unpause();
  }

  // ----------------------------------------------------------------------------------------------------------------

  #ask(request: CommandRequest): void {
    this.#state = 'asked';
    // Input has to wait for the program.
    this.#socket?.pause();
    if (request.tty === null) {
      this.#start(request);
      return;
    }
    const { tty } = request;
    this.#loadPty().then(
      (pty) => {
        this.#terminal = new Terminal(pty, tty);
        if (this.#state === 'asked') this.#start(request);
      },
      (error: unknown) => this.failed(error as SluiceError),
    );
  }

  #start(request: CommandRequest): void {
    const { service, rules, queueTimeoutMs } = this.#options;
    const job = { user: this.#turn, request, rules, queueTimeoutMs, input: 'open' } as const;
    const terminal = this.#terminal;
    this.#run = service.run(terminal === null ? job : { ...job, launch: terminal.launch }, this);
  }

  #hear(text: string): void {
    const message = readMessage(text);
    if (message.kind === 'stdin') this.#input(message.bytes);
    else if (message.kind === 'eof') this.#run?.process?.endInput();
    else if (message.kind === 'resize') this.#terminal?.resize(message.size);
    else this.#run?.process?.stop('stopped');
  }

  #input(bytes: Buffer): void {
    if (this.#run?.process?.write(bytes) === false) this.#socket?.pause();
  }

  #holdUp(): void {
    this.#run?.process?.pause('stdout');
    this.#run?.process?.pause('stderr');
  }
}
