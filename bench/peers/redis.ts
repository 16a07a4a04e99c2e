// The Redis that nodes share. Rule: it runs with the load and the backend, for its work is not the proxy's.
import { findFreePorts, startProcess, untilListening } from '../harness/processes.ts';
import { isInstalled } from './peer.ts';

export interface SharedRedis {
  /** As in a configuration. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startRedis(dir: string, cpus: string | null): Promise<SharedRedis> {
  if (!isInstalled('redis-server')) throw new Error('redis-server is not installed; try apt-get install redis-server');
  const [port = 0] = await findFreePorts(1);
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
  const started = startProcess(['redis-server', ...settings], { name: 'redis', dir, cpus });
  await untilListening(started, port);
  return { url: `redis://127.0.0.1:${port}/0`, stop: started.stop };
}
