// A real SSH server on a free port of 127.0.0.1 with keys of its own, and what a client needs to log in. Rule: it has ended with the test
// that started it; where it is not installed the test is skipped.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { requirePeer } from './peer.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface RunningSshd {
  readonly port: number;
  /** The arguments of `ssh`, for a server at another port. */
  login(port: number): string[];
}

export async function startSshd(t: TestContext): Promise<RunningSshd | undefined> {
  const command = requirePeer(t, 'sshd');
  const keygen = requirePeer(t, 'ssh-keygen');
  if (command === undefined || keygen === undefined || requirePeer(t, 'ssh') === undefined) return undefined;
  const folder = temporaryFolder(t);
  for (const name of ['host', 'user']) {
    execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')), { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`);
  // Debian's sshd wants it to be there, empty.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn(command, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  while (!(await listens(port))) await pause(20);
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(folder, 'known')}`, 'IdentitiesOnly=yes'];
  const quiet = ['BatchMode=yes', 'LogLevel=ERROR'];
  return {
    port,
    login: (at) => {
      const own = ['-F', 'none', '-p', String(at), '-i', join(folder, 'user')];
      const settings = [...options, ...quiet].flatMap((option) => ['-o', option]);
      return [...own, ...settings, `${userInfo().username}@127.0.0.1`];
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
