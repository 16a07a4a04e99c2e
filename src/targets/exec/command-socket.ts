// A command over a WebSocket: the first message asks for it, those that follow are its input, and what it says comes as messages; with a
// terminal where that is wanted. Rule: as over HTTP, the program goes no faster than its client reads, and not on without one.
import { Buffer } from 'node:buffer';
import type { Exchange } from '../../contract/exchange.ts';
import { errorBody, SluiceError } from '../../core/errors.ts';
import { type CommandRequest, readCommand } from '../../services/processes/command-request.ts';
import type { CommandRun } from '../../services/processes/command-service.ts';
import type { RunEnd, RunEvents } from '../../services/processes/run-spec.ts';
import { Terminal } from '../../services/processes/terminal.ts';
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

/** Answers the handshake; what follows is between the client and the command. */
export function openCommandSocket(exchange: Exchange, options: ExecOptions, turn: string): void {
  new CommandSocket(options, turn, exchange.id).accept(exchange);
}

class CommandSocket implements RunEvents, SocketEvents {
  readonly #options: ExecOptions;
  readonly #turn: string;
  readonly #requestId: string;
  #socket: ServerSocket | null = null;
  #answer: StreamedAnswer | null = null;
  #run: CommandRun | null = null;
  #terminal: Terminal | null = null;
  /** What came in one piece with the request, while its terminal was not there yet. */
  readonly #early: (() => void)[] = [];
  #state: 'waiting' | 'asked' | 'over' = 'waiting';

  constructor(options: ExecOptions, turn: string, requestId: string) {
    this.#options = options;
    this.#turn = turn;
    this.#requestId = requestId;
  }

  accept(exchange: Exchange): void {
    const { heartbeatMs, maxTextBytes } = this.#options;
    const socket = acceptWebSocket(exchange, { events: this, maxTextBytes, heartbeatMs });
    if (socket === null) return;
    this.#socket = socket;
    this.#answer = new StreamedAnswer(new SocketSink(socket, () => this.#holdUp()));
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
    if (this.#state === 'waiting') {
      this.failed(new SluiceError('invalid_input', { message: 'the first message has to ask for a command' }));
    } else if (this.#state === 'asked') this.#input(Buffer.from(bytes));
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
    const { code, message, side } = error;
    const said = Buffer.from(JSON.stringify({ type: 'error', ...errorBody(code, message, this.#requestId) }));
    this.#socket?.sendText(said, 0, said.length);
    this.#socket?.close(side === 'downstream' ? CLOSE_CODE.refused : CLOSE_CODE.fault, code);
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
    const { tty } = request;
    this.#state = 'asked';
    // Input has to wait for the program.
    this.#socket?.pause();
    if (tty === null) {
      this.#start(request);
      return;
    }
    this.#options.loadPty().then(
      (pty) => {
        if (this.#state !== 'asked') return;
        this.#terminal = new Terminal(pty, tty);
        this.#start(request);
        for (const act of this.#early.splice(0)) act();
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
    this.#act(() => {
      if (message.kind === 'stdin') this.#input(message.bytes);
      else if (message.kind === 'eof') this.#run?.endInput();
      else if (message.kind === 'resize') this.#terminal?.resize(message.size);
      else this.#run?.process?.stop('stopped');
    });
  }

  #input(bytes: Buffer): void {
    this.#act(() => {
      if (this.#run?.write(bytes) === false) this.#socket?.pause();
    });
  }

  /** As soon as there is something to act on. */
  #act(act: () => void): void {
    if (this.#run === null) this.#early.push(act);
    else act();
  }

  #holdUp(): void {
    this.#run?.process?.pause('stdout');
    this.#run?.process?.pause('stderr');
  }
}
