// The scanner that Sluice hands bodies to, with one signature that nothing in the bench bears. Rule: it runs with the load and the
// backend, for its work is not the proxy's.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts, startProcess, untilListening } from '../harness/processes.ts';
import { isInstalled } from './peer.ts';

export interface Scanner {
  /** As in a configuration. */
  readonly address: string;
  stop(): Promise<void>;
}

const SIGNATURE = 'Bench:0:*:736c756963652062656e6368207369676e6174757265';

export async function startScanner(dir: string, cpus: string | null): Promise<Scanner> {
  if (!isInstalled('clamd')) throw new Error('clamd is not installed; try apt-get install clamav-daemon');
  const folder = join(dir, 'clamd');
  mkdirSync(folder);
  chmodSync(folder, 0o777); // it gives up root
  writeFileSync(join(folder, 'own.ndb'), `${SIGNATURE}\n`);
  const [port = 0] = await findFreePorts(1);
  const file = join(folder, 'clamd.conf');
  const lines = [
    'Foreground yes',
    `DatabaseDirectory ${folder}`,
    `TemporaryDirectory ${folder}`,
    `TCPSocket ${port}`,
    'TCPAddr 127.0.0.1',
    'MaxThreads 12',
    'MaxQueue 200',
    'MaxConnectionQueueLength 200',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const started = startProcess(['clamd', '--config-file', file], { name: 'clamd', dir, cpus });
  await untilListening(started, port);
  return { address: `127.0.0.1:${port}`, stop: started.stop };
}
