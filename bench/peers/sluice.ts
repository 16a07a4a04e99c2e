// Sluice itself, started as anybody would: `sluice up -c FILE`.
// Rule: nothing is turned off that is on by default, except the access log, which is off for all peers.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../harness/processes.ts';
import { startScanner, type Scanner } from './clamd.ts';
import { type Compression, startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';
import { type SharedRedis, startRedis } from './redis.ts';
import { policiesOf, TOKEN } from './sluice-policies.ts';

const launcher = join(import.meta.dirname, '../../bin/sluice');

interface Ports {
  readonly door: number;
  readonly admin: number;
  readonly metrics: number;
  readonly other: number;
}

function compressOf({ encoding, level }: Compression): object {
  return { encodings: [encoding], levels: { [encoding]: level } };
}

function aiOf(provider: string): object {
  const claude = { base: `http://${provider}`, credentials: { api_key: 'sk-ant-bench' } };
  return { users: [{ name: 'bench', token: TOKEN, may: ['ai'] }], ai: { enabled: true, providers: { claude } } };
}

const EXEC = { enabled: true, allowed_commands: ['/bin/echo', '/bin/cat'], workspace: '/', max_output: '1GB' };

interface Beside {
  readonly scanner: Scanner | null;
  readonly redis: SharedRedis | null;
}

function cacheOf({ cacheMemory }: PeerOptions): object {
  const policies = { cache: { default_ttl: '1h' } };
  return cacheMemory === undefined ? { policies } : { policies, cache: { max_memory: cacheMemory } };
}

function configOf(options: PeerOptions, ports: Ports, { scanner, redis }: Beside): object {
  const forward = options.door === 'forward' || options.door === 'tunnel';
  const secure = options.door === 'tls' || options.door === 'h2';
  const helpers = scanner && { scanner: scanner.address, mirror: `http://127.0.0.1:${options.backendPort}` };
  const address = (port: number): string => `127.0.0.1:${port}`;
  return {
    process: {
      workers: options.workers,
      data_dir: join(options.dir, 'data'),
      shutdown_grace: '1s',
      ...(redis !== null && { state: redis.url }),
    },
    log: {
      access: options.accessLog,
      ...(options.accessLog && { file: join(options.dir, 'access.log') }),
    },
    admin: { listen: address(ports.admin) },
    metrics: { listen: address(ports.metrics) },
    limits: { body: '200MiB' },
    timeouts: { idle: '600s' },
    ...(options.policies && { policies: policiesOf(options.policies, helpers) }),
    ...(options.compression && { policies: { compress: compressOf(options.compression) } }),
    ...(options.caches === true && cacheOf(options)),
    ...(options.policies === 'every' && { users: [{ name: 'bench', token: TOKEN, may: ['gateway'] }] }),
    ...(options.door === 'ai' && aiOf(address(options.backendPort))),
    ...(options.door === 'exec' && { exec: EXEC }),
    egress: { listen: forward ? address(ports.door) : null },
    gateway: {
      listen: address(forward ? ports.other : ports.door),
      http2: options.door === 'h2',
      default_backend: `http://${address(options.backendPort)}`,
      ...(secure && { tls: options.certificate }),
    },
  };
}

export const sluice: Peer = {
  name: 'sluice',
  doors: ['http', 'tls', 'h2', 'websocket', 'forward', 'tunnel', 'ai', 'exec'],
  findVersion: () => (existsSync(launcher) ? versionFrom(process.execPath, launcher, 'version') : undefined),
  start: async (options) => {
    const scanner = options.policies === 'every' ? await startScanner(options.dir, options.loadCpus) : null;
    const redis = options.policies === 'limit-shared' ? await startRedis(options.dir, options.loadCpus) : null;
    const running = await startPeer(options, async (door) => {
      const [admin = 0, metrics = 0, other = 0] = await findFreePorts(3);
      const text = JSON.stringify(configOf(options, { door, admin, metrics, other }, { scanner, redis }), null, 2);
      const file = writeConfig(options, 'sluice.json', text);
      return {
        name: 'sluice',
        command: [process.execPath, launcher, 'up', '-c', file],
        env: { HOME: options.dir, NODE_ENV: 'production' },
      };
    });
    return {
      ...running,
      aiPrefix: '/claude',
      stop: async () => void (await Promise.all([running.stop(), scanner?.stop(), redis?.stop()])),
    };
  },
};
