// What every proxy under test looks like to the bench.
// Rule: all peers do the same work (no access log, keep-alive to the backend, a cache only where caches are compared), set up as their manuals advise.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from '../../test/support/pki.ts';
import { findFreePorts, startProcess, untilListening } from '../harness/processes.ts';
import type { PolicySet } from './sluice-policies.ts';

/**
 * The ways in. `http`: plain HTTP/1.1 in front of the backend; `tls`: the same with TLS; `h2`: HTTP/2 over TLS;
 * `websocket`: plain HTTP with upgrades let through; `forward`: a forward proxy asked with absolute URLs; `tunnel`: one asked to CONNECT;
 * `ai`: a gateway to providers of AI, with one user and a key of ours; `exec`: commands over HTTP.
 */
export type Door = 'http' | 'tls' | 'h2' | 'websocket' | 'forward' | 'tunnel' | 'ai' | 'exec';

/** With what answers are compressed: nginx and Caddy know gzip only. */
export interface Compression {
  readonly encoding: 'gzip' | 'br' | 'zstd';
  readonly level: number;
}

export interface PeerOptions {
  readonly door: Door;
  /** An empty directory of its own. */
  readonly dir: string;
  readonly backendPort: number;
  readonly certificate: CertificateFiles;
  readonly workers: number;
  readonly accessLog: boolean;
  readonly policies?: PolicySet;
  /** Answers are compressed; without it nobody compresses anything. */
  readonly compression?: Compression;
  /** Answers are kept for an hour; without it nobody keeps anything. */
  readonly caches?: boolean;
  /** How much they may take, where not as much as by default: `16MB`. */
  readonly cacheMemory?: string;
  /** A list for `taskset -c`; null leaves the proxy free to use every core. */
  readonly cpus: string | null;
  /** The same for what works beside it. */
  readonly loadCpus: string | null;
}

export interface RunningPeer {
  readonly port: number;
  /** The root of its process tree. */
  readonly pid: number;
  /** Before the paths of a provider of AI. */
  readonly aiPrefix?: string;
  hasExited(): boolean;
  stop(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  readonly doors: readonly Door[];
  /** Undefined when it is not installed here. */
  findVersion(): string | undefined;
  start(options: PeerOptions): Promise<RunningPeer>;
}

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
}

/** Runs a version command and picks the number out of what it prints; undefined when there is no such program. */
export function versionFrom(command: string, ...args: readonly string[]): string | undefined {
  try {
    // Some print it on stderr.
    const output = execFileSync('sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...args], { encoding: 'utf8' });
    return /\d+\.\d+(\.\d+)?/.exec(output)?.[0];
  } catch {
    return undefined;
  }
}

export interface PeerProgram {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes a config file, and gives its path back. */
export function writeConfig(options: PeerOptions, name: string, text: string): string {
  const path = join(options.dir, name);
  writeFileSync(path, text);
  return path;
}

/** Starts a proxy on a free port and waits until it listens. `program` writes the config for that port. */
export async function startPeer(
  options: PeerOptions,
  program: (port: number) => PeerProgram | Promise<PeerProgram>,
): Promise<RunningPeer> {
  const [port = 0] = await findFreePorts(1);
  const { name, command, env } = await program(port);
  const started = startProcess(command, { name, dir: options.dir, cpus: options.cpus, ...(env && { env }) });
  await untilListening(started, port);
  return { port, pid: started.pid, hasExited: started.hasExited, stop: started.stop };
}
