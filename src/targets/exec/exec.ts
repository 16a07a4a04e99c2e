// /cli/execute: a command, its output as it comes or all at once, and how it ended. Rule: the program goes no faster than its
// client reads, and not on without one.
import { Buffer } from 'node:buffer';
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import { type CommandRequest, readCommand } from '../../services/processes/command-request.ts';
import type { CommandRules } from '../../services/processes/command-rules.ts';
import type { CommandRun, CommandService } from '../../services/processes/command-service.ts';
import type { RunEnd, RunEvents } from '../../services/processes/run-spec.ts';
import type { LoadPty } from '../../services/processes/terminal.ts';
import { asksForWebSocket } from '../../services/websocket/server-socket.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { AnswerSink, CommandAnswer } from './command-answer.ts';
import { openCommandSocket } from './command-socket.ts';
import { readMessage, type SocketMessage } from './socket-message.ts';
import { StreamedAnswer } from './streamed-answer.ts';
import { WholeAnswer } from './whole-answer.ts';

export interface ExecOptions {
  readonly service: CommandService;
  readonly rules: CommandRules;
  /** The longest wait for a turn. */
  readonly queueTimeoutMs: number;
  /** After so long a silence the client is told that we are still there. */
  readonly heartbeatMs: number;
  readonly loadPty: LoadPty;
  /** Of a request, or of one message. Input that comes in many may be as long as it likes. */
  readonly maxTextBytes: number;
}

const LINE_END = 0x0a;

export function exec(options: ExecOptions): AnswerTarget {
  return {
    kind: 'answer',
    take(exchange) {
      if (asksForWebSocket(exchange)) openCommandSocket(exchange, options, turnOf(exchange));
      else if (exchange.request.method === 'POST') exchange.produce(new CommandExchange(exchange, options));
      else exchange.fail('method_not_allowed');
    },
  };
}

/** Who takes turns with the others: a user, or who comes from one address. */
function turnOf({ user, session, client }: Exchange): string {
  return user || session || client.address;
}

const LINES_TYPE = /^application\/x-ndjson(?:$|[\s;])/i;

class CommandExchange implements Producer, RunEvents, AnswerSink {
  readonly #exchange: Exchange;
  readonly #options: ExecOptions;
  readonly #heartbeat = new Deadline(() => this.#beat());
  /** The body is a line that asks, and one for each piece of input; else it is the request alone. */
  readonly #isLines: boolean;
  #text: Buffer[] = [];
  #textBytes = 0;
  #run: CommandRun | null = null;
  #answer: CommandAnswer | null = null;
  #isOver = false;

  constructor(exchange: Exchange, options: ExecOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#isLines = LINES_TYPE.test(exchange.request.fields.get('content-type') ?? '');
  }

  // -- From the client ---------------------------------------------------------------------------------------------

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (this.#isLines && at < to && !this.#isOver) {
      const end = bytes.indexOf(LINE_END, at);
      if (end === -1 || end >= to) break;
      this.#keep(bytes, at, end);
      this.#takeText();
      at = end + 1;
    }
    this.#keep(bytes, at, to);
  }

  takeEnd(): void {
    if (this.#textBytes > 0 || this.#run === null) this.#takeText();
    if (this.#isLines) this.#run?.endInput();
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.#textBytes += to - from;
    if (this.#isOver || from === to) return;
    if (this.#textBytes <= this.#options.maxTextBytes) this.#text.push(Buffer.from(bytes.subarray(from, to)));
    else this.#refuse(new SluiceError('request_body_too_large'));
  }

  /** The request, or what follows it. */
  #takeText(): void {
    const text = Buffer.concat(this.#text).toString();
    this.#text = [];
    this.#textBytes = 0;
    if (this.#isOver) return;
    try {
      if (this.#run === null) this.#ask(readCommand(text));
      else if (text.trim() !== '') this.#hear(readMessage(text));
    } catch (error) {
      this.#refuse(error as SluiceError);
    }
  }

  #ask(request: CommandRequest): void {
    if (request.tty !== null) throw new SluiceError('invalid_input', { message: 'tty: a terminal needs a WebSocket' });
    this.#answer = request.stream ? new StreamedAnswer(this) : new WholeAnswer(this);
    const { service, rules, queueTimeoutMs } = this.#options;
    const input = this.#isLines ? 'open' : 'closed';
    // Input has to wait for the program.
    if (this.#isLines) this.#exchange.pauseRequest();
    this.#run = service.run({ user: turnOf(this.#exchange), request, rules, queueTimeoutMs, input }, this);
  }

  #hear(message: SocketMessage): void {
    if (message.kind === 'stop') this.#run?.process?.stop('stopped');
    else if (message.kind === 'eof') this.#run?.endInput();
    else if (message.kind === 'stdin' && this.#run?.write(message.bytes) === false) this.#exchange.pauseRequest();
  }

  #refuse(error: SluiceError): void {
    this.#run?.cancel();
    this.failed(error);
  }

  resume(): void {
    this.#run?.process?.resume('stdout');
    this.#run?.process?.resume('stderr');
  }

  cancel(): void {
    this.#close();
    this.#run?.cancel();
  }

  // -- From the program --------------------------------------------------------------------------------------------

  started(): void {
    if (this.#isOver) return;
    if (this.#isLines) this.#exchange.resumeRequest();
    wheel.arm(this.#heartbeat, this.#options.heartbeatMs);
    this.#answer?.started();
  }

  inputReady(): void {
    if (this.#isLines && !this.#isOver) this.#exchange.resumeRequest();
  }

  failed(error: SluiceError): void {
    if (this.#isOver) return;
    this.#close();
    this.#exchange.abort(error);
  }

  stdout(bytes: Buffer): void {
    if (!this.#isOver) this.#answer?.output('stdout', bytes);
  }

  stderr(bytes: Buffer): void {
    if (!this.#isOver) this.#answer?.output('stderr', bytes);
  }

  ended(end: RunEnd): void {
    if (!this.#isOver) this.#answer?.ended(end);
  }

  // -- From the answer ---------------------------------------------------------------------------------------------

  begin(type: string): void {
    const fields = [
      ['Content-Type', type],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
      // Proxies of a certain kind keep answers back until they are whole.
      ['X-Accel-Buffering', 'no'],
    ] as const;
    this.#exchange.respond({ status: 200, fields }, -1);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    wheel.arm(this.#heartbeat, this.#options.heartbeatMs);
    if (this.#exchange.write(bytes, from, to)) return;
    this.#run?.process?.pause('stdout');
    this.#run?.process?.pause('stderr');
  }

  end(): void {
    const exchange = this.#exchange;
    this.#close();
    exchange.end();
  }

  #beat(): void {
    if (this.#isOver) return;
    this.#answer?.beat();
  }

  #close(): void {
    this.#isOver = true;
    wheel.release(this.#heartbeat);
  }
}
