// The programs that the tests talk to, and how they get here. A test names what it needs through test/support/peer.ts.
// Rule: only what is missing is installed, only where that is possible without a question, and no service is started.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type PeerName =
  | 'bash'
  | 'caddy'
  | 'chromium'
  | 'clamd'
  | 'curl'
  | 'danted'
  | 'fish'
  | 'git'
  | 'h2load'
  | 'haproxy'
  | 'ip'
  | 'jq'
  | 'microsocks'
  | 'nghttp'
  | 'nginx'
  | 'nix-instantiate'
  | 'openssl'
  | 'privoxy'
  | 'prometheus'
  | 'promtool'
  | 'redis-benchmark'
  | 'redis-server'
  | 'ruby'
  | 'slowhttptest'
  | 'socat'
  | 'squid'
  | 'ssh'
  | 'ssh-keygen'
  | 'sshd'
  | 'systemd-analyze'
  | 'systemd-socket-activate'
  | 'testssl'
  | 'tinyproxy'
  | 'unshare'
  | 'wget'
  | 'wrk'
  | 'zsh';

/** Each peer is a command, and the Debian package that brings it. */
const DEBIAN_PACKAGES: Readonly<Record<PeerName, string>> = {
  bash: 'bash',
  caddy: 'caddy',
  chromium: 'chromium',
  clamd: 'clamav-daemon',
  curl: 'curl',
  danted: 'dante-server',
  fish: 'fish',
  git: 'git',
  h2load: 'nghttp2-client',
  haproxy: 'haproxy',
  ip: 'iproute2',
  jq: 'jq',
  microsocks: 'microsocks',
  nghttp: 'nghttp2-client',
  nginx: 'nginx',
  'nix-instantiate': 'nix-bin',
  openssl: 'openssl',
  privoxy: 'privoxy',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'redis-benchmark': 'redis-tools',
  'redis-server': 'redis-server',
  ruby: 'ruby',
  slowhttptest: 'slowhttptest',
  socat: 'socat',
  // The other package of it speaks no TLS through OpenSSL.
  squid: 'squid-openssl',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  'systemd-analyze': 'systemd',
  'systemd-socket-activate': 'systemd',
  testssl: 'testssl.sh',
  tinyproxy: 'tinyproxy',
  unshare: 'util-linux',
  wget: 'wget',
  wrk: 'wrk',
  zsh: 'zsh',
};

/** The path of a command, also where only root has it on PATH. */
export function findCommand(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const name = process.platform === 'win32' ? `${command}.exe` : command;
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs the missing peers through apt-get where it may; else says what is missing and returns all the same. */
export function installPeers(): void {
  const missing = missingPeers();
  if (missing.length === 0) return;
  const packages = missing.map((peer) => DEBIAN_PACKAGES[peer]);
  const elevation = findCommand('apt-get') === undefined ? undefined : findElevation();
  if (elevation === undefined) {
    say(`not installed, and apt-get or the right to use it is missing: ${missing.join(', ')}`);
    say(`tests that need them are skipped. On Debian: sudo apt-get install ${packages.join(' ')}`);
    return;
  }
  say(`installing what the tests need: ${packages.join(' ')}`);
  const [command = '', ...args] = [...elevation, 'sh', '-c', INSTALL_SCRIPT, 'sh', ...packages];
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 2] });
  const left = missingPeers();
  if (left.length > 0) say(`could not be installed, so tests that need them are skipped: ${left.join(', ')}`);
}

// policy-rc.d is how Debian keeps a freshly installed package from starting its service. An existing policy is left alone.
// The package lists are fetched only when what is here does not suffice. One that the system does not have keeps out no other.
const INSTALL_SCRIPT = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod +x "$policy"
fi
install() { apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"; }
install "$@" 2>/dev/null || { apt-get -qq update && install "$@"; } || for one; do install "$one"; done
`;

function missingPeers(): PeerName[] {
  return (Object.keys(DEBIAN_PACKAGES) as PeerName[]).filter((peer) => findCommand(peer) === undefined);
}

/** What to put before a command that only root may run, or undefined where that would take a password. */
export function findElevation(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const isPasswordless = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return isPasswordless ? ['sudo', '-n'] : undefined;
}

function say(sentence: string): void {
  process.stderr.write(`sluice: ${sentence}\n`);
}
