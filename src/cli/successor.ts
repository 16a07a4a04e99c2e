// Starts the Sluice that is to take the place of this one: whatever is installed now, with the arguments that this one was started with.
// Rule: this one goes on until that one asks it to let go, and says so when that never happens.
import { spawn } from 'node:child_process';
import { isSea } from 'node:sea';
import { passedOn } from '../runtime/doors/passed-doors.ts';
import type { ProgramTelemetry } from '../runtime/assemble/program-telemetry.ts';

type Command = readonly [file: string, ...args: string[]];
type SuccessorLog = Pick<ProgramTelemetry['log'], 'info' | 'error'>;

const TAKEOVER = '--takeover';

/** The command that started this process, asked to take over. */
export function successorCommand(
  { execPath, execArgv, argv }: Pick<NodeJS.Process, 'execPath' | 'execArgv' | 'argv'>,
  isExecutable: boolean,
): Command {
  const program = isExecutable ? [] : [...execArgv, ...argv.slice(1, 2)];
  const args = argv.slice(2).filter((arg) => arg !== TAKEOVER);
  return [execPath, ...program, ...args, TAKEOVER];
}

/** Only the process itself knows its id in time. */
const KNOWING_ITSELF = ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'] as const;

export class Successor {
  readonly #log: SuccessorLog;
  readonly #command: Command;
  #isStarting = false;
  #hasTakenOver = false;

  constructor(log: SuccessorLog, command: Command = successorCommand(process, isSea())) {
    this.#log = log;
    this.#command = command;
  }

  /** It shares our terminal or log, has the sockets that systemd has passed to us, and outlives us. */
  start(): void {
    if (this.#isStarting || this.#hasTakenOver) {
      this.#log.info({}, 'another Sluice is taking over already');
      return;
    }
    this.#isStarting = true;
    const { fds, env: passed } = passedOn();
    const [file, ...args] = fds.length === 0 ? this.#command : [...KNOWING_ITSELF, ...this.#command];
    const env: NodeJS.ProcessEnv = { ...process.env, ...passed };
    // It names this process, which will not be the one that systemd watches.
    delete env['WATCHDOG_PID'];
    const child = spawn(file, args, { stdio: ['inherit', 'inherit', 'inherit', ...fds], env });
    this.#log.info({ pid: child.pid }, 'starting the Sluice that is to take over');
    child.on('error', (err) => this.#failed({ err }));
    child.on('exit', (code, signal) => this.#failed({ exit_code: code, signal }));
    child.unref();
  }

  takenOver(): void {
    this.#hasTakenOver = true;
  }

  #failed(fields: Readonly<Record<string, unknown>>): void {
    this.#isStarting = false;
    if (!this.#hasTakenOver)
      this.#log.error(fields, 'the Sluice that was to take over did not start: this one goes on');
  }
}
