// clamd, listening on a unix socket and on a free port of 127.0.0.1, with two signatures of our own. Rule: as with every peer, what
// a test starts has ended with it, and without clamd the test is skipped; it is there as soon as it has answered PING.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, type RunningProxy } from './proxies.ts';

/** The test file that every scanner knows, put together here: written out it would set off the scanners of whoever has this folder. */
export const EICAR: string = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR', '-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'].join(
  '',
);

/** Known to clamd by its hash alone: nothing may stand before or behind it. */
export const KNOWN_BY_HASH: string = 'a file that is known by its hash '.repeat(50);

/** What clamd calls it. */
export const SIGNATURE = 'Eicar-Test-Signature.UNOFFICIAL';

export interface ClamdOptions {
  /** Bodies that are longer are refused; as clamd writes sizes. */
  readonly streamMaxLength?: string;
}

export interface RunningClamd {
  readonly process: RunningProxy;
  /** As in a configuration. */
  readonly address: string;
  readonly tcpAddress: string;
}

export async function startClamd(t: TestContext, options: ClamdOptions = {}): Promise<RunningClamd | undefined> {
  let socket = '';
  const running = await launch(t, 'clamd', (folder, port) => {
    socket = join(folder, 'clamd.ctl');
    const database = join(folder, 'signatures');
    mkdirSync(database);
    writeFileSync(join(database, 'own.ndb'), `Eicar-Test-Signature:0:*:${Buffer.from(EICAR).toString('hex')}\n`);
    const hash = createHash('md5').update(KNOWN_BY_HASH).digest('hex');
    writeFileSync(join(database, 'own.hdb'), `${hash}:${KNOWN_BY_HASH.length}:Known.By.Hash\n`);
    const file = join(folder, 'clamd.conf');
    writeFileSync(file, configuration({ folder, database, socket, port }, options));
    return { peer: 'clamd', args: ['--config-file', file] };
  });
  if (running === undefined) return undefined;
  while (!(await answersPing(running.port))) await pause(20);
  return { process: running, address: `unix:${socket}`, tcpAddress: `127.0.0.1:${running.port}` };
}

interface Places {
  readonly folder: string;
  readonly database: string;
  readonly socket: string;
  readonly port: number;
}

/** Sizes and queues as Debian has them. */
function configuration({ folder, database, socket, port }: Places, { streamMaxLength = '25M' }: ClamdOptions): string {
  return [
    'Foreground yes',
    `DatabaseDirectory ${database}`,
    `TemporaryDirectory ${folder}`,
    `LocalSocket ${socket}`,
    `TCPSocket ${port}`,
    'TCPAddr 127.0.0.1',
    'MaxThreads 12',
    'MaxConnectionQueueLength 15',
    `StreamMaxLength ${streamMaxLength}`,
    '',
  ].join('\n');
}

async function answersPing(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
  socket.write('zPING\0');
  await once(socket, 'close').catch(() => {});
  return answer === 'PONG\0';
}
