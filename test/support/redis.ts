// A real Redis server on a free port of 127.0.0.1, which keeps its data in memory only. Rule: it has ended with the test that started it; where
// it is not installed the test is skipped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { requirePeer } from './peer.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TlsFiles } from './proxies.ts';

export interface RedisSettings {
  readonly password?: string;
  readonly tls?: TlsFiles;
  /** In place of redis-server. */
  readonly command?: string;
  /** Its configuration. */
  readonly file?: string;
  /** As for redis-server, such as `--replicaof`. */
  readonly more?: readonly string[];
}

/** Another port may be gone between its choice and the start. */
const STARTS = 3;

export class Redis {
  readonly port: number;
  private readonly t: TestContext;
  private readonly command: string;
  private readonly settings: RedisSettings;
  private readonly folder: string;
  private child: ChildProcess | null = null;

  private constructor(t: TestContext, command: string, settings: RedisSettings, port: number) {
    this.t = t;
    this.command = command;
    this.settings = settings;
    this.port = port;
    this.folder = temporaryFolder(t);
  }

  /** undefined: the test has been skipped, and returns at once. */
  static async start(t: TestContext, settings: RedisSettings = {}): Promise<Redis | undefined> {
    // Another one that speaks as it does, or an older one, by hand.
    const command = settings.command ?? process.env['SLUICE_TEST_REDIS'] ?? requirePeer(t, 'redis-server');
    if (command === undefined) return undefined;
    for (let start = 0; start < STARTS; start += 1) {
      const redis = new Redis(t, command, settings, await freePort());
      if (await redis.start()) return redis;
    }
    throw new Error('redis-server does not start');
  }

  /** For a configuration. */
  get url(): string {
    const { password, tls } = this.settings;
    const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `redis${tls === undefined ? '' : 's'}://${login}127.0.0.1:${this.port}/3`;
  }

  /** Again, with nothing in it. False: it has ended at once. */
  async start(): Promise<boolean> {
    const { password, tls, file, more = [] } = this.settings;
    const port = String(this.port);
    const door =
      tls === undefined
        ? ['--port', port]
        : ['--port', '0', '--tls-port', port, '--tls-auth-clients', 'no', '--tls-ca-cert-file', tls.certFile].concat([
            '--tls-cert-file',
            tls.certFile,
            '--tls-key-file',
            tls.keyFile,
          ]);
    const kept = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--dir', this.folder];
    const login = password === undefined ? [] : ['--requirepass', password];
    const child = spawn(
      this.command,
      [...(file === undefined ? [] : [file]), ...door, ...(file === undefined ? kept : []), ...login, ...more],
      { stdio: 'ignore' },
    );
    this.child = child;
    this.t.after(() => stop(child));
    while (child.exitCode === null) {
      if (await accepts(this.port)) return true;
      await pause(10);
    }
    return false;
  }

  /** SIGSTOP freezes it, SIGCONT goes on. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(): Promise<void> {
    if (this.child !== null) await stop(this.child);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return accepted;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
