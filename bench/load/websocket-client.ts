// WebSocket ping-pong: PORT CONNECTIONS SECONDS. Each connection sends its next message when the last has come back.
// Rule: prints one line of JSON; only round trips within the time count.
import { WebSocket } from 'ws';
import { percentile } from '../harness/statistics.ts';

const [port, connections, seconds] = process.argv.slice(2);
const message = Buffer.alloc(128, 'x');
const latencies: number[] = [];
let errors = 0;

function open(): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

const sockets = await Promise.all(Array.from({ length: Number(connections) }, open));
const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1000;

function play(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    let sentAt = performance.now();
    socket.on('message', () => {
      const now = performance.now();
      latencies.push(now - sentAt);
      sentAt = now;
      if (now < endsAt) socket.send(message);
      else socket.close();
    });
    socket.on('error', () => errors++);
    socket.once('close', () => {
      if (performance.now() < endsAt) errors++;
      resolve();
    });
    socket.send(message);
  });
}

await Promise.all(sockets.map(play));
latencies.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    units: latencies.length,
    errors,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  }),
);
