// Tunnels of a forward proxy: what it costs to open one, to carry bytes through it, and to hold it open.
// Rule: HAProxy knows no CONNECT; it hands every connection on to the backend, which is the least that a relay can do.
import { join } from 'node:path';
import { measureCpu, type Work } from '../harness/measure.ts';
import { holdProcess, runProcess } from '../harness/processes.ts';
import { rssKiBOf } from '../harness/process-tree.ts';
import { plain, type Case, type Sample, type Target } from './case.ts';

const client = join(import.meta.dirname, '../load/tunnels.ts');
const TUNNELS = 5_000;

function command({ port, backendPort }: Target, mode: string, amount: number): string[] {
  return [process.execPath, client, String(port), String(backendPort), mode, String(amount)];
}

async function tunnels(target: Target, mode: 'setup' | 'bulk', seconds: number): Promise<Work> {
  return JSON.parse(await runProcess(command(target, mode, seconds), target.loadCpus, (seconds + 20) * 1000)) as Work;
}

const shared = {
  door: 'tunnel',
  verify: async (target: Target) => void (await tunnels(target, 'setup', 0.1)),
} as const;

export const tunnelSetup: Case = {
  ...shared,
  name: 'tunnel-setup',
  title: 'CONNECT, one small request, and the end of the tunnel',
  cost: 'CPU µs per tunnel',
  baseline: 'tinyproxy',
  contestants: plain('sluice', 'tinyproxy', 'squid', 'proxy-chain', 'haproxy'),
  warm: async (target, seconds) => void (await tunnels(target, 'setup', seconds)),
  sample: (target, seconds) => measureCpu(target, () => tunnels(target, 'setup', seconds)),
};

export const tunnelBulk: Case = {
  ...shared,
  name: 'tunnel-bulk',
  title: 'Answers of 100 MB through tunnels',
  cost: 'CPU µs per MB',
  remark: 'Per second: MB.',
  baseline: 'haproxy',
  contestants: plain('sluice', 'haproxy', 'tinyproxy', 'squid', 'proxy-chain'),
  warm: async (target, seconds) => void (await tunnels(target, 'bulk', seconds)),
  sample: (target, seconds) => measureCpu(target, () => tunnels(target, 'bulk', seconds)),
};

async function hold(target: Target): Promise<Sample> {
  const before = rssKiBOf(target.pid);
  const held = holdProcess(command(target, 'hold', TUNNELS), target.loadCpus);
  const { errors } = JSON.parse(await held.firstLine()) as { errors: number };
  const after = rssKiBOf(target.pid);
  await held.finish();
  return { cost: (after - before) / TUNNELS, rssMiB: after / 1024, errors };
}

export const tunnelIdle: Case = {
  ...shared,
  name: 'tunnel-idle',
  title: '5,000 open tunnels',
  cost: 'KiB per tunnel',
  remark: 'Growth of resident memory, divided by the tunnels, after one answer has come through each.',
  baseline: 'haproxy',
  contestants: plain('sluice', 'haproxy', 'squid', 'proxy-chain'),
  fresh: true,
  warm: tunnelSetup.warm,
  sample: hold,
};
