// WebSocket messages to an echo server and back, one in flight per connection. A message here is a round trip.
// Rule: the echo server takes the backend's place, so the proxies are started in front of it.
import { join } from 'node:path';
import { measureCpu, type Work } from '../harness/measure.ts';
import { runProcess } from '../harness/processes.ts';
import { plain, type Case, type Target } from './case.ts';

const client = join(import.meta.dirname, '../load/websocket-client.ts');
const CONNECTIONS = 64;

async function exchange(target: Target, connections: number, seconds: number): Promise<Work> {
  const command = [process.execPath, client, String(target.port), String(connections), String(seconds)];
  return JSON.parse(await runProcess(command, target.loadCpus, (seconds + 20) * 1000)) as Work;
}

export const websocket: Case = {
  name: 'websocket',
  title: `WebSocket echo of 128 bytes, ${CONNECTIONS} connections`,
  cost: 'CPU µs per message',
  door: 'websocket',
  baseline: 'nginx',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy', 'http-proxy'),
  verify: async (target) => void (await exchange(target, 1, 0.1)),
  warm: async (target, seconds) => void (await exchange(target, CONNECTIONS, seconds)),
  sample: (target, seconds) => measureCpu(target, () => exchange(target, CONNECTIONS, seconds)),
};
