// What a piece of load costs the proxy.
// Rule: the proxy's own CPU time is the measure, since it hardly depends on what else the machine does.
import { connect as connectTls } from 'node:tls';
import { connect } from 'node:net';
import type { Sample, Target } from '../cases/case.ts';
import { cpuMicrosByThread, cpuMicrosOf, rssKiBOf } from './process-tree.ts';

export interface Work {
  /** Requests, messages, handshakes: what the cost is divided by. */
  readonly units: number;
  readonly seconds: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export async function measureCpu(target: Target, load: () => Promise<Work>): Promise<Sample> {
  const threadsBefore = cpuMicrosByThread(target.pid);
  const before = cpuMicrosOf(target.pid);
  const work = await load();
  const cpuMicros = cpuMicrosOf(target.pid) - before;
  if (work.units === 0) throw new Error('not one request was answered');
  return {
    cost: cpuMicros / work.units,
    perSecond: work.units / work.seconds,
    ...(work.p50Ms !== undefined && { p50Ms: work.p50Ms }),
    ...(work.p99Ms !== undefined && { p99Ms: work.p99Ms }),
    rssMiB: rssKiBOf(target.pid) / 1024,
    errors: work.errors,
    ...(target.workers > 1 && { leastShare: leastShare(target, threadsBefore) }),
  };
}

/** The busiest threads are the workers; garbage collectors and compilers beside them do far less. */
function leastShare(target: Target, before: ReadonlyMap<number, number>): number {
  const spent = [...cpuMicrosByThread(target.pid)].map(([thread, micros]) => micros - (before.get(thread) ?? 0));
  const workers = spent.sort((a, b) => b - a).slice(0, target.workers);
  const sum = workers.reduce((total, micros) => total + micros, 0);
  return (workers.at(-1) ?? 0) / sum;
}

/** Sends one request as raw text and gives back the whole answer. */
export function ask(port: number, secure: boolean, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const host = '127.0.0.1';
    // Certificates here are self-signed throw-aways.
    const socket = secure ? connectTls({ port, host, rejectUnauthorized: false }) : connect({ port, host });
    const chunks: Buffer[] = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(request);
  });
}
