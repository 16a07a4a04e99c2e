// The program that starts programs for us: small, so that the system has little to copy for each, and the data path does not stand still
// meanwhile. Started by launcher-link.ts. Rule: input and output of what it starts go straight between the program and us; it tells that
// a program has started and how it has ended, and ends when we do.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import { onLines } from './line-reader.ts';
import type { LaunchOrder } from './launch-order.ts';
import { readProcess } from './process-table.ts';

const [, , path = ''] = process.argv;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {});
process.stdout.on('error', () => {});

const say = (words: string): void => void process.stdout.write(`${words}\n`);

/** Ways to us that nobody has yet: to open one takes time. */
const spare: net.Socket[] = [];
const SPARE = 6;

function connect(): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

let opening = 0;

function keepSpare(): void {
  const missing = SPARE - spare.length - opening;
  for (let i = 0; i < missing; i += 1) {
    opening += 1;
    connect()
      .then(
        (socket) => spare.push(socket),
        () => {},
      )
      .finally(() => (opening -= 1));
  }
}

/** A way of its own, which says first what it is. */
async function wayFor(id: string, name: string): Promise<net.Socket> {
  const socket = spare.pop() ?? (await connect());
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  // Nobody may be waiting for it any more.
  promise.catch(() => {});
  socket.once('error', reject);
  socket.write(`${id} ${name}\n`, () => resolve(socket));
  // Mostly it is gone by then.
  return socket.writableLength === 0 ? socket : promise;
}

async function carryOut({ id, file, name, args, env, cwd, stdin }: LaunchOrder): Promise<void> {
  const names = ['stdout', 'stderr', ...(stdin === 'open' ? ['stdin'] : [])];
  const [output, errors, input] = await Promise.all(names.map((each) => wayFor(id, each)));
  if (output === undefined || errors === undefined) return;
  const ways = [output, errors, ...(input === undefined ? [] : [input])];
  try {
    const child = spawn(file, args, {
      argv0: name,
      cwd,
      env,
      detached: true,
      shell: false,
      stdio: [input ?? 'ignore', output, errors],
    });
    watch(id, child);
  } finally {
    // The program has them now, and nobody else may hold them open.
    for (const way of ways) way.destroy();
    setImmediate(keepSpare);
  }
}

function watch(id: string, child: ChildProcess): void {
  const { pid } = child;
  child.on('error', (cause) => {
    if (pid === undefined) failed(id, cause);
  });
  if (pid === undefined) return;
  say(`started ${id} ${pid} ${readProcess(pid)?.startTicks ?? 0}`);
  child.once('exit', (code, signal) => say(`exited ${id} ${code ?? '-'} ${signal ?? '-'}`));
}

function failed(id: string, cause: unknown): void {
  say(`failed ${id} ${JSON.stringify((cause as Error).message)}`);
}

onLines(process.stdin, (line) => {
  const order = JSON.parse(line) as LaunchOrder;
  carryOut(order).catch((cause: unknown) => failed(order.id, cause));
});
process.stdin.on('close', () => {
  rmSync(dirname(path), { recursive: true, force: true });
  process.exit(0);
});
keepSpare();
say('ready');
