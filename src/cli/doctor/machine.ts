// What the machine offers: Node, the data directory, room on its disk, open files, and the variables that send programs through proxies.
// Rule: looking changes nothing; what is tried out is taken back.
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { formatBytes } from '../table.ts';
import { failure, type Finding, ok, skipped, warning } from './finding.ts';

const OLDEST_NODE = 24;
const LITTLE_BYTES = 1024 ** 3;
const TOO_LITTLE_BYTES = 50 * 1024 ** 2;
/** Of a connection that is passed on there are two ends; the rest is for files, logs and what the program itself opens. */
const FILES_PER_CONNECTION = 2;
const OTHER_FILES = 256;

export function checkNode(version: string): Finding {
  const major = Number(/^(\d+)\./.exec(version)?.[1]);
  if (major >= OLDEST_NODE) return ok('node', '', version);
  return failure('node', '', `${version} is too old`, `Sluice needs Node ${OLDEST_NODE} or newer`);
}

export function checkDataFolder(folder: string): Finding[] {
  if (!existsSync(folder)) {
    const above = nearestFolder(folder);
    if (isWritable(above)) return [ok('state', folder, 'is made at the first start'), checkRoom(above)];
    return [failure('state', folder, `cannot be made: ${above} is not writable`, 'set process.data_dir')];
  }
  const { mode, uid } = statSync(folder);
  if (!isWritable(folder)) return [failure('state', folder, 'is not writable', 'give it to the user that runs Sluice')];
  const isMine = process.getuid === undefined || uid === process.getuid();
  const fault = (mode & 0o077) !== 0 ? 'can be read by others' : isMine ? null : 'belongs to somebody else';
  const found =
    fault === null
      ? ok('state', folder, 'writable, by its owner only')
      : warning('state', folder, fault, `chmod 700 ${folder}`);
  return [found, checkRoom(folder)];
}

function checkRoom(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const said = `${formatBytes(free)} free`;
  if (free < TOO_LITTLE_BYTES) return failure('disk', folder, said);
  return free < LITTLE_BYTES ? warning('disk', folder, said) : ok('disk', folder, said);
}

/** `limits`: of the process that is to carry the connections; text of /proc. Null: nobody knows. */
export function checkOpenFiles(limits: string | null, { limits: { connections } }: Config): Finding {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return skipped('files', '', 'this system does not say how many files may be open');
  const needed = connections * FILES_PER_CONNECTION + OTHER_FILES;
  if (soft === 'unlimited' || Number(soft) >= needed) return ok('files', '', `${soft} may be open`);
  const hint = `ulimit -n ${needed}, or LimitNOFILE=${needed} in the unit; or a lower limits.connections`;
  return warning('files', '', `${soft} may be open, and ${connections} connections need ${needed}`, hint);
}

export function readLimits(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'utf8');
  } catch {
    return null;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** Sluice itself goes by none of them, but the programs around it do, and what they name in two ways they understand in two ways. */
export function checkEnvironment(env: Environment, isOwnDoor: (host: string, port: number) => boolean): Finding[] {
  const findings = PROXY_VARIABLES.flatMap((name) => {
    const [upper, lower] = [env[name], env[name.toLowerCase()]];
    if (upper !== undefined && lower !== undefined && upper !== lower) {
      return [
        warning('environment', name, `${name} and ${name.toLowerCase()} differ`, 'programs take one or the other'),
      ];
    }
    return name === 'NO_PROXY' ? [] : ofProxy(name, upper ?? lower, env, isOwnDoor);
  });
  return findings.length > 0 ? findings : [ok('environment', '', 'no variable for proxies is set')];
}

function ofProxy(
  name: string,
  text: string | undefined,
  env: Environment,
  isOwnDoor: (host: string, port: number) => boolean,
): Finding[] {
  if (text === undefined || text === '') return [];
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '') return [warning('environment', name, 'is not the address of a proxy')];
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const where = isOwnDoor(host, port) ? 'leads to this Sluice' : `leads to ${url.host}`;
  const none = env['NO_PROXY'] ?? env['no_proxy'] ?? '';
  if (/(?:^|[,\s])(?:\*|localhost|127\.0\.0\.1)(?:[,\s]|$)/.test(none)) return [ok('environment', name, where)];
  return [warning('environment', name, `${where}, also for this machine`, 'NO_PROXY=localhost,127.0.0.1,::1')];
}

function nearestFolder(path: string): string {
  const above = dirname(path);
  return existsSync(above) || above === path ? above : nearestFolder(above);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
