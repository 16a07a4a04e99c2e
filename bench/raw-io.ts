// What raw reads and writes (src/transport/raw-io.ts) save on an accepted connection. Run: node bench/raw-io.ts
// Rule: the client runs on a thread of its own, so that only the CPU time of the connection's side is counted.
import { once } from 'node:events';
import net from 'node:net';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Connection, type ConnectionHandler } from '../src/transport/connection.ts';
import { distrustRawIo, proveRawIo } from '../src/transport/raw-io.ts';

const WARM_UP = 20_000;
const TURNS = 100_000;
const REQUEST = Buffer.alloc(100, 'q');
const ANSWER = Buffer.alloc(200, 'a');

interface ClientStart {
  readonly port: number;
  readonly turns: number;
}

/** Sends the next request when the answer to the one before is complete. */
function askAndAsk({ port, turns }: ClientStart): void {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let left = turns;
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
    if (received < ANSWER.length) return;
    received -= ANSWER.length;
    left--;
    if (left === 0) socket.end();
    else socket.write(REQUEST);
  });
  socket.write(REQUEST);
}

/** Answers each request; counts the CPU time of this thread from the end of the warm-up to the last one. */
class Answering implements ConnectionHandler {
  connection: Connection | null = null;
  cpuUs = 0;
  private received = 0;
  private turns = 0;
  private begin: NodeJS.CpuUsage = { user: 0, system: 0 };

  onData(_bytes: Buffer, from: number, to: number): void {
    this.received += to - from;
    if (this.received < REQUEST.length) return;
    this.received -= REQUEST.length;
    this.turns++;
    if (this.turns === WARM_UP) this.begin = process.threadCpuUsage();
    this.connection!.write(ANSWER, 0, ANSWER.length);
    if (this.turns < WARM_UP + TURNS) return;
    const { user, system } = process.threadCpuUsage(this.begin);
    this.cpuUs = user + system;
  }

  onHalfClose(): void {
    this.connection!.end();
  }

  onDrain(): void {}
  onClose(): void {}
}

async function measure(): Promise<number> {
  const handler = new Answering();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    handler.connection = new Connection(socket, handler);
    handler.connection.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const start: ClientStart = { port, turns: WARM_UP + TURNS };
  await once(new Worker(new URL(import.meta.url), { workerData: start }), 'exit');
  server.close();
  return handler.cpuUs / TURNS;
}

async function best(name: string): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 3; round++) least = Math.min(least, await measure());
  console.log(`${name.padEnd(28)} ${least.toFixed(2).padStart(7)} µs per request and answer`);
  return least;
}

if (isMainThread) {
  if (!(await proveRawIo())) throw new Error('raw reads and writes do not work on this Node');
  const raw = await best('raw reads and writes');
  distrustRawIo();
  const streams = await best('streams of node:net');
  console.log(`${(streams / raw).toFixed(2)} times as much`);
} else askAndAsk(workerData as ClientStart);
