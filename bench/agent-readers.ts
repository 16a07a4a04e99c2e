// What it costs to tell many what one agent prints: CPU time of a Sluice for each event and each reader, and its memory. The bar: the
// same for each reader, however many there are, because an event is made ready once and is the same bytes for all.
//   node bench/agent-readers.ts

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const SIZES = [1, 10, 100, 1000];
const EVENTS = 500;
const LINE = `{"type":"assistant","text":"${'x'.repeat(400)}"}`;
const TICKS_PER_SECOND = 100;

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const config = {
  process: { data_dir: join(folder, 'data') },
  log: { level: 'warn' },
  gateway: { listen: '127.0.0.1:0' },
  egress: { listen: null },
  admin: { listen: null },
  metrics: { listen: null },
  agents: { enabled: true, default: 'sh', workspace: folder, kinds: { sh: { command: '/bin/sh', args: ['-s'] } } },
};
writeFileSync(join(folder, 'sluice.json'), JSON.stringify(config));
const program = join(dirname(import.meta.dirname), 'bin', 'sluice');
const sluice = spawn(process.execPath, [program, 'up', '-c', join(folder, 'sluice.json')], { stdio: 'pipe' });

async function gatewayUrl(): Promise<string> {
  let said = '';
  for await (const part of sluice.stderr) {
    said += String(part);
    const url = /Gateway\s+(http:\/\/[\d.:]+)/.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`it did not start: ${said}`);
}

function cpuMs(): number {
  const stat = readFileSync(`/proc/${sluice.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function residentMiB(): number {
  const status = readFileSync(`/proc/${sluice.pid}/status`, 'latin1');
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Resolves when it has the end of the stream. */
function read(port: number, id: string): { readonly socket: Socket; readonly ended: Promise<void> } {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /agent/${id}/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      if (bytes.includes('event: complete')) resolve();
    });
  });
  return { socket, ended };
}

async function measure(url: string, readers: number): Promise<void> {
  const flag = join(folder, `go-${readers}`);
  const prompt = `while [ ! -e ${flag} ]; do sleep 0.05; done; i=0; while [ $i -lt ${EVENTS} ]; do i=$((i+1)); echo '${LINE}'; sleep 0.002; done`;
  const body = JSON.stringify({ prompt });
  const headers = { 'Content-Type': 'application/json' };
  const started = await fetch(`${url}/agent/start`, { method: 'POST', headers, body });
  const { agent_id: id } = (await started.json()) as { agent_id: string };
  const all = Array.from({ length: readers }, () => read(Number(new URL(url).port), id));
  await pause(1000);
  const before = cpuMs();
  writeFileSync(flag, '');
  await Promise.all(all.map(({ ended }) => ended));
  const spent = cpuMs() - before;
  for (const { socket } of all) socket.destroy();
  const each = (spent * 1000) / EVENTS / readers;
  const figures = `${((spent * 1000) / EVENTS).toFixed(0).padStart(7)} µs per event   ${each.toFixed(1).padStart(7)} µs per event and reader`;
  console.log(`${`${readers} readers`.padEnd(14)} ${figures}   ${residentMiB().toFixed(0).padStart(4)} MiB`);
}

try {
  const url = await gatewayUrl();
  for (const readers of SIZES) await measure(url, readers);
} finally {
  sluice.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
