// 5,000 keep-alive connections that have had one answer each and now wait: what does each hold in memory?
// Rule: the proxy is warm before the first reading, so that only the connections make the difference.
import { join } from 'node:path';
import { holdProcess } from '../harness/processes.ts';
import { rssKiBOf } from '../harness/process-tree.ts';
import { plain, type Case, type Sample, type Target } from './case.ts';
import { small } from './small.ts';

const client = join(import.meta.dirname, '../load/idle-connections.ts');
const CONNECTIONS = 5_000;

async function sample(target: Target): Promise<Sample> {
  const before = rssKiBOf(target.pid);
  const held = holdProcess([process.execPath, client, String(target.port), String(CONNECTIONS)], target.loadCpus);
  // Its first line says how many connections failed; by then all others are open and idle.
  const { errors } = JSON.parse(await held.firstLine()) as { errors: number };
  const after = rssKiBOf(target.pid);
  await held.finish();
  return { cost: (after - before) / CONNECTIONS, rssMiB: after / 1024, errors };
}

export const idle: Case = {
  name: 'idle',
  title: '5,000 idle connections',
  remark: 'Growth of resident memory, divided by the connections, after each has had one answer.',
  cost: 'KiB per connection',
  door: 'http',
  baseline: 'nginx',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy', 'http-proxy'),
  fresh: true,
  verify: small.verify,
  warm: small.warm,
  sample,
};
