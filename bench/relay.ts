// Bulk through a raw tunnel: CPU per GB of the relay, next to stream.pipe() and, where it is installed, HAProxy in TCP mode.
// Run it alone: node bench/relay.ts

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection, NOBODY } from '../src/transport/connection.ts';
import { proveRawIo } from '../src/transport/raw-io.ts';
import { relay } from '../src/transport/relay.ts';

const BYTES = 2_000_000_000;
const CHUNK = Buffer.alloc(256 * 1024, 'x');
const TICKS_PER_SECOND = 100;

type Kind = 'relay' | 'pipe' | 'haproxy';

/** Runs in a process of its own: a door that hands every connection on to `originPort`. */
async function serve(kind: Kind, port: number, originPort: number): Promise<void> {
  await proveRawIo();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (inside) => {
    const outside = net.connect({ port: originPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    outside.pause();
    for (const socket of [inside, outside]) socket.on('error', () => {});
    outside.once('connect', () => {
      if (kind === 'pipe') {
        inside.pipe(outside);
        outside.pipe(inside);
        return;
      }
      const [downstream, upstream] = [new Connection(inside, NOBODY), new Connection(outside, NOBODY)];
      relay(downstream, upstream, { idleTimeoutMs: 60_000, onDone: () => {} });
    });
  });
  server.listen(port, '127.0.0.1', () => console.log('ready'));
}

function haproxy(dir: string, port: number, originPort: number): ChildProcess {
  const file = join(dir, 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults\n mode tcp\n timeout client 60s\n timeout server 60s\n timeout connect 5s\n` +
      `global\n nbthread 1\nlisten door\n bind 127.0.0.1:${port}\n server origin 127.0.0.1:${originPort}\n`,
  );
  return spawn('haproxy', ['-db', '-f', file], { stdio: 'inherit' });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An origin that sends BYTES to whoever asks with a byte. */
async function startOrigin(): Promise<net.Server> {
  const server = net.createServer((socket) => {
    let left = BYTES;
    const send = (): void => {
      while (left > 0) {
        left -= CHUNK.length;
        if (!socket.write(CHUNK)) return;
      }
      socket.end();
    };
    socket.on('drain', send);
    socket.on('error', () => {});
    socket.once('data', send);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function download(port: number): Promise<number> {
  let received = 0;
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  const socket = net.connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer,
      callback(count) {
        received += count;
        return true;
      },
    },
  });
  socket.write('?');
  await once(socket, 'end');
  socket.destroy();
  return received;
}

/** CPU seconds that a process has used, from /proc. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function connectable(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
  }
}

async function measure(kind: Kind, dir: string): Promise<void> {
  const origin = await startOrigin();
  const originPort = (origin.address() as net.AddressInfo).port;
  const port = await freePort();
  const script = fileURLToPath(import.meta.url);
  const child =
    kind === 'haproxy'
      ? haproxy(dir, port, originPort)
      : spawn(process.execPath, [script, 'serve', kind, String(port), String(originPort)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  if (child.stdout !== null) await once(child.stdout, 'data');
  await connectable(port);
  const before = cpuSeconds(child.pid!);
  const startedAt = performance.now();
  const received = await download(port);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds(child.pid!) - before;
  const gigabytes = received / 1e9;
  console.log(
    `${kind.padEnd(10)} ${(cpu / gigabytes).toFixed(3)} CPU s per GB, ${(gigabytes / seconds).toFixed(2)} GB/s`,
  );
  child.kill();
  await once(child, 'exit');
  origin.close();
}

if (process.argv[2] === 'serve') {
  await serve(process.argv[3] as Kind, Number(process.argv[4]), Number(process.argv[5]));
} else {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;
  for (let round = 0; round < 3; round += 1) {
    for (const kind of ['relay', 'pipe', ...(hasHaproxy ? ['haproxy'] : [])] as Kind[]) await measure(kind, dir);
  }
  rmSync(dir, { recursive: true });
}
