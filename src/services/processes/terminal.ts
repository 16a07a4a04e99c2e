// Programs with a terminal, by the package node-pty where it is installed. Rule: it is optional; what a terminal is needed for says so
// without it, and nothing else changes.
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { SluiceError } from '../../core/errors.ts';
import type { TerminalSize } from './command-request.ts';
import type { Launched } from './running-child.ts';
import type { RunSpec } from './run-spec.ts';

/** What of node-pty is made use of. */
export interface PtyPackage {
  spawn(file: string, args: string[], options: object): Pty;
}

interface Pty {
  readonly pid: number;
  onData(listener: (data: Buffer | string) => void): unknown;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): unknown;
  write(data: Buffer | string): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
}

export type LoadPty = () => Promise<PtyPackage>;

const PACKAGE = 'node-pty';
const DEFAULT_NAME = 'xterm-256color';
/** What a terminal takes for the end of its input. */
const END_OF_INPUT = '\u0004';
const SIGNALS: Readonly<Record<number, string>> = { 1: 'SIGHUP', 2: 'SIGINT', 9: 'SIGKILL', 15: 'SIGTERM' };

/** By its name, from where we are installed. */
export async function loadPty(): Promise<PtyPackage> {
  try {
    return (await import(PACKAGE)) as PtyPackage;
  } catch (cause) {
    const message = 'a terminal needs the package node-pty beside Sluice: npm install node-pty';
    throw new SluiceError('terminal_unavailable', { message, cause });
  }
}

/** One program in a terminal of its own. What it says comes by one output. */
export class Terminal {
  readonly #pty: PtyPackage;
  readonly #size: TerminalSize;
  #running: Pty | null = null;

  constructor(pty: PtyPackage, size: TerminalSize) {
    this.#pty = pty;
    this.#size = size;
  }

  resize({ cols, rows }: TerminalSize): void {
    try {
      this.#running?.resize(cols, rows);
    } catch {
      // It has ended meanwhile.
    }
  }

  /** See running-child.ts. */
  readonly launch = ({ file, args, cwd }: RunSpec, env: Readonly<Record<string, string>>): Launched => {
    const name = env['TERM'] ?? DEFAULT_NAME;
    const options = { ...this.#size, name, cwd, env: { ...env, TERM: name }, encoding: null };
    const pty = this.#pty.spawn(file, [...args], options);
    this.#running = pty;
    return new TerminalChild(pty) as unknown as Launched;
  };
}

/** Looks like a child process, as far as that is needed. */
class TerminalChild extends EventEmitter {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: PassThrough;
  readonly stderr = null;

  constructor(pty: Pty) {
    super();
    this.pid = pty.pid;
    this.stdin = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        pty.write(bytes);
        done();
      },
      final: (done) => {
        pty.write(END_OF_INPUT);
        done();
      },
    });
    this.stdout = new PassThrough();
    const { stdout } = this;
    pty.onData((data) => {
      if (stdout.writable && !stdout.write(Buffer.from(data as string))) pty.pause();
    });
    stdout.on('drain', () => pty.resume());
    pty.onExit(({ exitCode, signal = 0 }) => {
      stdout.end();
      this.emit('exit', signal === 0 ? exitCode : null, signal === 0 ? null : (SIGNALS[signal] ?? `SIG${signal}`));
    });
    process.nextTick(() => this.emit('spawn'));
  }
}
