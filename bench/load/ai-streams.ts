// Clients that read streams of a provider of AI through a proxy: PORT PREFIX BACKEND STREAMS PER_SECOND
// SECONDS. Says how long events take from the provider to the client. Rule: what is still on its way when the time is up counts for nothing, but a stream that ends does.
import { connect, type Socket } from 'node:net';
import { percentile } from '../harness/statistics.ts';
import { aiRequest } from './ai-request.ts';

const [port, prefix = '', backend = '', ...amounts] = process.argv.slice(2);
const [count = 0, perSecond = 0, seconds = 0] = amounts.map(Number);
const STAMP = /"text":"(\d+) /g;
const NS_PER_MS = 1e6;
/** Connecting, and compilers that get to know the work, are no part of it. */
const SETTLE_MS = 2000;
const AT_ONCE = 50;

const delaysMs: number[] = [];
let errors = 0;
let firstError = '';
let isMeasured = false;
let isOver = false;

function take(text: string): void {
  if (!isMeasured) return;
  const now = process.hrtime.bigint();
  for (const [, stamp = '0'] of text.matchAll(STAMP)) delaysMs.push(Number(now - BigInt(stamp)) / NS_PER_MS);
}

function failed(what: string): void {
  if (isOver) return;
  errors++;
  firstError ||= what;
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(aiRequest(`rate-${perSecond}`, { prefix, backend }));
    });
    socket.setEncoding('latin1').once('data', (text: string) => {
      if (!text.startsWith('HTTP/1.1 200')) failed(text.slice(0, 200));
      socket.on('data', take);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => failed('a stream has ended'));
  });
}

const sockets: Socket[] = [];
for (let index = 0; index < count; index += AT_ONCE) {
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - index) }, open))));
}
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
isMeasured = true;
const startedAt = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
isMeasured = false;
isOver = true;
const took = (performance.now() - startedAt) / 1000;
for (const socket of sockets) socket.destroy();
delaysMs.sort((a, b) => a - b);
const [p50Ms, p99Ms] = [50, 99].map((percent) => percentile(delaysMs, percent));
console.log(JSON.stringify({ units: delaysMs.length, seconds: took, errors, p50Ms, p99Ms, firstError }));
