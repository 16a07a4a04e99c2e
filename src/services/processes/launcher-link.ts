// Our end of the launcher (see launcher.ts). Rule: it is a short cut and never needed: until it is ready, and when it has died, programs
// are started from here.
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { helperCommand } from '../program/program-parts.ts';
import { Acceptor } from '../../transport/accept.ts';
import type { LaunchOrder } from './launch-order.ts';
import { onLines } from './line-reader.ts';
import { RUN_MARK } from './process-table.ts';
import type { Launch, Launched } from './running-child.ts';
import type { RunSpec } from './run-spec.ts';
import { HELPER_ENV } from './warden-link.ts';

const LAUNCHER_FILE = import.meta.url.endsWith('.ts') ? './launcher.ts' : './launcher.js';
/** The less it has, the less the system has to copy. */
const NODE_FLAGS = ['--max-old-space-size=32', '--max-semi-space-size=1'];
/** A line that says whose way it is has no more. */
const MAX_LINE_BYTES = 200;
const LINE_END = 0x0a;

export class LauncherLink {
  readonly #children = new Map<string, LaunchedChild>();
  #launcher: ChildProcess | null = null;
  #acceptor: Acceptor | null = null;
  #folder: string | null = null;
  #isReady = false;
  #wasTried = false;
  #isClosed = false;

  /** null: not for the moment. */
  get launch(): Launch | null {
    if (!this.#wasTried) this.#start();
    return this.#isReady ? this.#launch : null;
  }

  get pid(): number | null {
    return this.#launcher?.pid ?? null;
  }

  close(): void {
    this.#wasTried = true;
    this.#isReady = false;
    this.#isClosed = true;
    this.#launcher?.stdin?.end();
    void this.#acceptor?.stop();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #launch: Launch = ({ file, name, args, cwd, stdin }: RunSpec, env): Launched => {
    const id = env[RUN_MARK] ?? '';
    const order: LaunchOrder = { id, file, name: name ?? file, args, env, cwd, stdin };
    const child = new LaunchedChild(stdin === 'open');
    this.#children.set(id, child);
    child.once('over', () => this.#children.delete(id));
    this.#launcher?.stdin?.write(`${JSON.stringify(order)}\n`);
    return child as unknown as Launched;
  };

  /** Once: what has failed here once would do so again. */
  #start(): void {
    this.#wasTried = true;
    // Elsewhere a number alone would have to name a process that somebody else waits for.
    if (process.platform !== 'linux') return;
    this.#open().catch(() => this.#gone());
  }

  async #open(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-run-'));
    const path = join(this.#folder, 'ways.sock');
    this.#acceptor = new Acceptor({ address: { path }, onSocket: (socket) => this.#welcome(socket) });
    await this.#acceptor.listen();
    if (this.#isClosed) {
      this.close();
      return;
    }
    const { args, env } = helperCommand('launcher', new URL(LAUNCHER_FILE, import.meta.url), NODE_FLAGS);
    const launcher = spawn(process.execPath, [...args, path], {
      detached: true,
      env: { ...HELPER_ENV, ...env },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#launcher = launcher;
    launcher.on('error', () => this.#gone()).on('exit', () => this.#gone());
    launcher.stdin.on('error', () => {});
    launcher.stdout.on('error', () => {});
    onLines(launcher.stdout, (line) => this.#hear(line));
    launcher.unref();
    for (const stream of [launcher.stdin, launcher.stdout]) (stream as unknown as net.Socket).unref();
  }

  #hear(line: string): void {
    const [word = '', id = '', ...rest] = line.split(' ');
    const child = this.#children.get(id);
    if (word === 'ready') this.#isReady = true;
    else if (word === 'started') child?.started(Number(rest[0]), Number(rest[1]));
    else if (word === 'exited') child?.exited(rest[0] ?? '-', rest[1] ?? '-');
    else if (word === 'failed') child?.failed(JSON.parse(rest.join(' ')) as string);
  }

  /** Says first whose it is. */
  #welcome(socket: net.Socket): void {
    socket.on('error', () => {});
    const read = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      const end = bytes.indexOf(LINE_END);
      if (end === -1 && bytes.length < MAX_LINE_BYTES) {
        socket.unshift(bytes);
        return;
      }
      socket.off('readable', read);
      const [id = '', name = ''] = bytes.toString('latin1', 0, end).split(' ');
      const child = this.#children.get(id);
      if (child === undefined) socket.destroy();
      else {
        if (end + 1 < bytes.length) socket.unshift(bytes.subarray(end + 1));
        child.take(name, socket);
      }
    };
    socket.on('readable', read);
  }

  #gone(): void {
    this.#isReady = false;
    for (const child of this.#children.values()) child.orphaned();
    this.#children.clear();
  }
}

/** Looks like a child process, as far as that is needed. */
class LaunchedChild extends EventEmitter {
  pid: number | undefined = undefined;
  startTicks = 0;
  readonly stdin: PassThrough | null;
  stdout: net.Socket | null = null;
  stderr: net.Socket | null = null;
  readonly #ways: net.Socket[] = [];
  #input: net.Socket | null = null;
  #awaited: number;
  #end: [code: number | null, signal: string | null] | null = null;
  #isOut = false;

  constructor(hasInput: boolean) {
    super();
    this.stdin = hasInput ? new PassThrough() : null;
    // Two or three ways, and the word that it has started.
    this.#awaited = hasInput ? 4 : 3;
  }

  take(name: string, socket: net.Socket): void {
    this.#ways.push(socket);
    if (name === 'stdin') this.#feed(socket);
    else {
      // Nothing goes the other way.
      socket.once('end', () => socket.destroy());
      if (name === 'stdout') this.stdout = socket;
      else this.stderr = socket;
    }
    this.#came();
  }

  /** What it does not read any more is dropped. */
  #feed(socket: net.Socket): void {
    const { stdin } = this;
    this.#input = socket;
    stdin?.pipe(socket);
    socket.once('close', () => stdin?.unpipe().resume());
  }

  started(pid: number, startTicks: number): void {
    this.pid = pid;
    this.startTicks = startTicks;
    this.#came();
  }

  exited(code: string, signal: string): void {
    this.#end = [code === '-' ? null : Number(code), signal === '-' ? null : signal];
    this.#tellEnd();
  }

  failed(message: string): void {
    for (const way of this.#ways) way.destroy();
    this.emit('error', new Error(message));
    this.emit('over');
  }

  /** Nobody will tell how it ends. */
  orphaned(): void {
    if (!this.#isOut) this.failed('the launcher has died');
    else {
      this.#end ??= [null, 'SIGKILL'];
      this.#tellEnd();
    }
  }

  #came(): void {
    this.#awaited -= 1;
    if (this.#awaited > 0) return;
    this.#isOut = true;
    this.emit('spawn');
    this.#tellEnd();
  }

  /** Not before it has been told that it has begun. */
  #tellEnd(): void {
    if (!this.#isOut || this.#end === null) return;
    const [code, signal] = this.#end;
    this.#input?.destroy();
    this.emit('exit', code, signal);
    this.emit('over');
  }
}
