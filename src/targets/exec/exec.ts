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
import { CommandSocket } from './command-socket.ts';
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
}

export function exec(options: ExecOptions): AnswerTarget {
  return {
    kind: 'answer',
    take(exchange) {
      if (asksForWebSocket(exchange)) new CommandSocket(exchange, options, turnOf(exchange));
      else if (exchange.request.method === 'POST') exchange.produce(new CommandExchange(exchange, options));
      else exchange.fail('method_not_allowed');
    },
  };
}

/** Who takes turns with the others: a user, or who comes from one address. */
function turnOf({ user, session, client }: Exchange): string {
  return user || session || client.address;
}

class CommandExchange implements Producer, RunEvents, AnswerSink {
  readonly #exchange: Exchange;
  readonly #options: ExecOptions;
  readonly #heartbeat = new Deadline(() => this.#beat());
  #body: Buffer[] = [];
  #run: CommandRun | null = null;
  #answer: CommandAnswer | null = null;
  #isOver = false;

  constructor(exchange: Exchange, options: ExecOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  // -- From the client ---------------------------------------------------------------------------------------------

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    this.#body.push(Buffer.from(bytes.subarray(from, to)));
  }

  takeEnd(): void {
    const text = Buffer.concat(this.#body).toString();
    this.#body = [];
    let request: CommandRequest;
    try {
      request = readCommand(text);
      if (request.tty !== null)
        throw new SluiceError('invalid_input', { message: 'tty: a terminal needs a WebSocket' });
    } catch (error) {
      this.failed(error as SluiceError);
      return;
    }
    this.#answer = request.stream ? new StreamedAnswer(this) : new WholeAnswer(this);
    const { service, rules, queueTimeoutMs } = this.#options;
    const job = { user: turnOf(this.#exchange), request, rules, queueTimeoutMs, input: 'closed' } as const;
    this.#run = service.run(job, this);
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
    wheel.arm(this.#heartbeat, this.#options.heartbeatMs);
    this.#answer?.started();
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
