// The world that the pages speak of, for as long as a test file runs: a network of its own in which their names lead somewhere and their ports
// are free, and folders such as /etc and /srv that may be written to without anybody's noticing. Rule: everything is private to the
// namespaces that unshare makes, and ends with them.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findElevation, type PeerName } from '../../../scripts/peers.ts';
import { CertificateAuthority, type IssuedCertificate } from '../certificate-authority.ts';
import { requirePeer, skipTest } from '../peer.ts';
import { ROOT } from '../source-tree.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Where names lead that the pages make up. An address of the internet, for others are not gone out to. */
export const ELSEWHERE = '93.184.215.1';
/** The user of the pages. */
const HOME = '/home/you';
const MARK = 'SLUICE_PAGES_WORLD';
/** Addresses of the pages that this machine has in its world. */
const NETWORKS = ['93.184.215.0/24', '10.0.0.0/24', '203.0.113.0/24'];
const OVERLAID = ['/etc', '/usr', '/srv', '/var', '/home'];
const SPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** All that the sections of any page need. */
const PEERS: readonly PeerName[] = [
  ...(['unshare', 'ip', 'bash', 'zsh', 'fish', 'curl', 'jq', 'openssl'] as const),
  ...(['tinyproxy', 'microsocks', 'clamd'] as const),
];
/** All sections of a file together. */
const BOUND_MS = 230_000;

/** The folder of the world that this process is in, or null outside. */
export const worldFolder: string | null = process.env[MARK] ?? null;

/** Runs a test file once more, inside. */
export async function runInWorld(t: TestContext, file: string): Promise<void> {
  if (PEERS.some((peer) => requirePeer(t, peer) === undefined)) return;
  const folder = temporaryFolder(t);
  const elevation = findElevation();
  const spaces = [...(elevation === undefined ? ['--map-root-user'] : []), ...SPACES];
  const { NODE_TEST_CONTEXT: _, PATH = '', ...env } = process.env;
  // Whoever becomes root by sudo keeps none of these.
  const kept = [`${MARK}=${folder}`, `PATH=${PATH}:/usr/sbin:/sbin`];
  const inside = ['sh', '-c', SETTING_UP, 'sh', folder, ROOT, process.execPath, file];
  // Should this process be ended before its test, the world ends by itself.
  const bound = ['timeout', '-s', 'KILL', String(BOUND_MS / 1000)];
  const [command = '', ...args] = [...(elevation ?? []), 'env', ...kept, ...bound, 'unshare', ...spaces, ...inside];
  const child = spawn(command, args, { env: { ...env, PATH }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (told += text));
  t.after(() => endGroup(child));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code === NO_WORLD || told.startsWith('unshare: '))
    return skipTest(t, `no namespaces and overlays of one's own here: ${told}`);
  assert.equal(code, 0, told);
}

/** With its last process all that is in the world ends. */
function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

const NO_WORLD = 97;
// The first process of the new namespace is the shell, which buries what others leave behind.
const SETTING_UP = `
folder=$1 root=$2 node=$3 file=$4
{
  ip link set lo up &&
  for network in ${NETWORKS.join(' ')}; do ip addr add $network dev lo || exit ${NO_WORLD}; done &&
  mount -t tmpfs tmpfs "$folder" && mount -t tmpfs tmpfs /run
} || exit ${NO_WORLD}
for lower in ${OVERLAID.join(' ')} "$root"; do
  own=$folder/over/$(echo "$lower" | tr / _)
  mkdir -p "$own/upper" "$own/work"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$own/upper,workdir=$own/work" "$lower" || exit ${NO_WORLD}
done
cd "$root" && "$node" "$file"
exit $?
`;

export interface World {
  readonly folder: string;
  readonly authority: CertificateAuthority;
  readonly env: NodeJS.ProcessEnv;
  /** Makes these names lead somewhere, and gives a certificate for all of them. */
  name(names: Readonly<Record<string, string>>): IssuedCertificate;
}

/** What is the same for all sections: commands of ours on PATH, an authority that everybody trusts, nothing else of our environment. */
export function furnishWorld(folder: string, programs: Readonly<Record<string, string | undefined>>): World {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sluice'), `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'bin', 'sluice')} "$@"\n`);
  chmodSync(join(bin, 'sluice'), 0o755);
  for (const [name, path] of Object.entries({ ...programs, node: process.execPath })) {
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
  const certificates = join(folder, 'certificates');
  mkdirSync(certificates);
  const authority = new CertificateAuthority(certificates);
  appendFileSync('/etc/ssl/certs/ca-certificates.crt', authority.certificate.cert);
  writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.1\n');
  const hosts = readFileSync('/etc/hosts', 'utf8');
  return {
    folder,
    authority,
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME,
      LANG: 'C.UTF-8',
      TERM: 'dumb',
      NODE_EXTRA_CA_CERTS: authority.certificate.certFile,
      NODE_COMPILE_CACHE: join(folder, '..', 'sluice-e2e-compile-cache'),
    },
    name(names) {
      const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`);
      writeFileSync('/etc/hosts', `${hosts}\n${lines.join('')}`);
      const wild = Object.keys(names).map((name) => `DNS:*.${name}`);
      return authority.issue('world', ...Object.keys(names).map((name) => `DNS:${name}`), ...wild);
    },
  };
}

/** A new reader: nothing is left of the one before. */
export function freshHome(): string {
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  return HOME;
}

/** Whatever still runs in the world but for its first process and ourselves, which no command has told of. */
export function endEverybody(folder: string): void {
  // The first process names the folder: outside of a world there is nobody to end.
  if (!readFileSync('/proc/1/cmdline', 'utf8').includes(folder)) return;
  try {
    process.kill(-1, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
