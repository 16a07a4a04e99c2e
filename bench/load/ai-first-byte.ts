// One stream after the other through a proxy: PORT PREFIX BACKEND COUNT. Says how long the first event takes from the provider to the
// client. Rule: one connection, one request at a time, so that nothing waits for anything else.
import { connect } from 'node:net';
import { percentile } from '../harness/statistics.ts';
import { aiRequest } from './ai-request.ts';

const [port, prefix = '', backend = '', count] = process.argv.slice(2);
const BODY_BYTES = 115_000;
const NS_PER_MS = 1e6;
/** Compilers need some requests before they are at their best. */
const UNCOUNTED = 200;

const request = aiRequest('first', { prefix, backend, bytes: BODY_BYTES });
const delaysMs: number[] = [];
const startedAt = performance.now();
let left = Number(count) + UNCOUNTED;
let received = '';
let isSeen = false;

function end(firstError: string): void {
  socket.removeAllListeners();
  socket.destroy();
  delaysMs.splice(0, UNCOUNTED);
  delaysMs.sort((a, b) => a - b);
  const [p50Ms, p99Ms] = [50, 99].map((percent) => percentile(delaysMs, percent));
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(JSON.stringify({ units: delaysMs.length, seconds, errors: left, p50Ms, p99Ms, firstError }));
}

const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
socket.setNoDelay(true);
socket.on('error', (error) => end(error.message)).on('close', () => end(`closed after ${received.slice(0, 200)}`));
socket.setEncoding('latin1').on('data', (text: string) => {
  const now = process.hrtime.bigint();
  received += text;
  const stamp = /"text":"(\d+) /.exec(received)?.[1];
  if (stamp !== undefined && !isSeen) {
    isSeen = true;
    delaysMs.push(Number(now - BigInt(stamp)) / NS_PER_MS);
  }
  if (!received.endsWith('\r\n0\r\n\r\n')) return;
  if (!received.startsWith('HTTP/1.1 200')) end(received.slice(0, 200));
  received = '';
  isSeen = false;
  left--;
  if (left === 0) end('');
  else socket.write(request);
});
