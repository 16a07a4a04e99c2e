// Clients of a tunnel server as light as they can be: SERVER_PORT FILE COUNT CONCURRENT. FILE has a token in each line; each client has one of
// its own, asks for one name, answers heartbeats, and comes back as genuine clients do: after a second, doubled each time, half as long to half
// as long again. Rule: prints a line of JSON when all are there, and one each time when all are there again; ends when its input does.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import { percentile } from '../harness/statistics.ts';

const [port, file = '', count, concurrent] = process.argv.slice(2);
const COUNT = Number(count);
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;
const UPGRADE =
  'GET /api/v1/ws/tunnel HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const tokens = readFileSync(file, 'utf8').split('\n');

/** A client masks, and a mask of zeros leaves what it masks as it is. */
function frame(fields: Parameters<typeof writeMsgpack>[0]): Buffer {
  const payload = writeMsgpack(fields);
  const head =
    payload.length < 126 ? [0x82, 0x80 | payload.length] : [0x82, 0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload]);
}

const ACK = frame({ Type: 'HeartbeatAck' });
let ready = 0;
let refused = '';
let tries = 0;
let lostAt = 0;
const connectMs: number[] = [];
let isFirst = true;

/** Resolves when the tunnel is there for the first time. */
function client(index: number): Promise<void> {
  const token = tokens[index] ?? '';
  let backoffMs = FIRST_BACKOFF_MS;
  return new Promise((resolve) => {
    const open = (): void => {
      const startedAt = performance.now();
      tries += 1;
      let isReady = false;
      let stage = 0;
      const socket: Socket = connect(Number(port), '127.0.0.1', () => socket.write(UPGRADE));
      socket.setNoDelay(true);
      socket.on('data', (bytes: Buffer) => {
        if (stage === 0) {
          stage = 1;
          socket.write(frame({ token, version: 2, Type: 'Auth' }));
          return;
        }
        const text = bytes.toString('latin1');
        if (text.includes('Error')) refused = text;
        if (stage === 1 && text.includes('HeartbeatAck')) {
          stage = 2;
          socket.write(frame({ protocol: 'http', subdomain: `client-${index}`, Type: 'TunnelCreate' }));
        } else if (stage === 2 && text.includes('TunnelCreated')) {
          stage = 3;
          isReady = true;
          ready += 1;
          backoffMs = FIRST_BACKOFF_MS;
          connectMs.push(performance.now() - startedAt);
          resolve();
          if (ready === COUNT) report();
        } else if (stage === 3) socket.write(ACK);
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        if (isReady) {
          ready -= 1;
          if (lostAt === 0) lostAt = performance.now();
        }
        setTimeout(open, backoffMs * (0.5 + Math.random()));
        backoffMs = Math.min(LAST_BACKOFF_MS, backoffMs * 2);
      });
    };
    open();
  });
}

function report(): void {
  const sorted = connectMs.toSorted((a, b) => a - b);
  const [p50Ms, p99Ms, p999Ms] = [50, 99, 99.9].map((percent) => percentile(sorted, percent));
  const backMs = isFirst ? 0 : performance.now() - lostAt;
  console.log(JSON.stringify({ clients: ready, tries, p50Ms, p99Ms, p999Ms, maxMs: sorted.at(-1), backMs, refused }));
  isFirst = false;
  connectMs.length = 0;
  tries = 0;
  lostAt = 0;
}

process.stdin.once('end', () => process.exit(0)).resume();
let next = 0;
async function loop(): Promise<void> {
  while (next < COUNT) await client(next++);
}
await Promise.all(Array.from({ length: Number(concurrent) }, loop));
