// Starts the programs of a run: proxies, backend, load.
// Rule: whatever was started here is stopped here, by its own process id, however the run ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, treeOf } from './process-tree.ts';

const READY_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 3_000;

export interface StartOptions {
  /** Names the log file in `dir`. */
  readonly name: string;
  readonly dir: string;
  /** A list for `taskset -c`; null leaves the program free. */
  readonly cpus: string | null;
  readonly env?: Readonly<Record<string, string>>;
}

export interface StartedProcess {
  readonly pid: number;
  /** The line of its output that most likely says what is wrong. */
  findComplaint(): string;
  hasExited(): boolean;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** With setpriv the kernel ends the program with us, even where our own exit handler could not run. */
function pinned(command: readonly string[], cpus: string | null): string[] {
  const bound = ['setpriv', '--pdeathsig', 'TERM', '--', ...command];
  return cpus === null ? bound : ['taskset', '-c', cpus, ...bound];
}

function track(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}

async function stopTree(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const tree = treeOf(pid).map((member) => ({ pid: member, identity: identityOf(member) }));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signal(pid, 'SIGTERM');
  await Promise.race([exited, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
  for (const member of tree) {
    if (member.identity !== undefined && identityOf(member.pid) === member.identity) signal(member.pid, 'SIGKILL');
  }
  await exited;
}

function findComplaint(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error|fatal|emerg/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}

export function startProcess(command: readonly string[], options: StartOptions): StartedProcess {
  const logFile = join(options.dir, `${options.name}.log`);
  const log = openSync(logFile, 'w');
  const [program = '', ...args] = pinned(command, options.cpus);
  const child = spawn(program, args, {
    cwd: options.dir,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command[0]} did not start`);
  track(child);
  return {
    pid,
    findComplaint: () => findComplaint(readFileSync(logFile, 'utf8')),
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    stop: () => stopTree(child, pid),
  };
}

/** Runs a load program to its end and gives back what it printed. */
export async function runProcess(command: readonly string[], cpus: string | null, limitMs: number): Promise<string> {
  const held = holdProcess(command, cpus);
  const timer = setTimeout(() => signal(held.pid, 'SIGKILL'), limitMs);
  try {
    return await held.finish();
  } finally {
    clearTimeout(timer);
  }
}

export interface HeldProcess {
  readonly pid: number;
  /** Resolves with the first line that the program prints; rejects when it ends without one. */
  firstLine(): Promise<string>;
  /** Closes its standard input, which is its word to end, and resolves with all that it printed. */
  finish(): Promise<string>;
}

/** Runs a load program that keeps its state (open connections) until it is told to end. */
export function holdProcess(command: readonly string[], cpus: string | null): HeldProcess {
  const [program = '', ...args] = pinned(command, cpus);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command[0]} did not start`);
  track(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.on('error', () => {});
  const closed = new Promise<string>((resolve, reject) => {
    child.once('close', (code, signalName) => {
      if (code === 0) resolve(output);
      else
        reject(new Error(`${command[0]} ended with ${code ?? signalName}: ${(errors || output).trim().slice(-500)}`));
    });
  });
  closed.catch(() => {}); // whoever calls finish() or firstLine() sees it
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const end = output.indexOf('\n');
      if (end !== -1) resolve(output.slice(0, end));
    });
  });
  return {
    pid,
    firstLine: () => Promise.race([line, closed]),
    finish: () => {
      child.stdin.end();
      return closed;
    },
  };
}

/** The ports are taken for a moment and let go again: programs that cannot say which port they got need one named. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return ports;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Waits until the program accepts connections. */
export async function untilListening(started: StartedProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await accepts(port))) {
    if (started.hasExited()) throw new Error(`it ended at once: ${started.findComplaint()}`);
    if (Date.now() > deadline) {
      await started.stop();
      throw new Error(`nothing listened on port ${port} in time: ${started.findComplaint()}`);
    }
    await delay(20);
  }
}

/** For the way out: no waiting, no mercy. */
export function killEverythingStarted(): void {
  for (const child of running) {
    if (child.pid === undefined) continue;
    for (const pid of treeOf(child.pid).reverse()) signal(pid, 'SIGKILL');
  }
}
