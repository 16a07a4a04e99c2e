// Listening sockets that whoever started the program has opened for it: systemd, as LISTEN_FDS says. Rule: a door takes the one that has
// its address and opens none beside it; which address that is the system says, whatever a socket is called.
import { readFileSync, readlinkSync } from 'node:fs';
import { canonicalHost } from '../core/address.ts';
import { isUnspecified, parseIp } from '../core/ip.ts';

export interface PassedSocket {
  readonly fd: number;
  /** By which it is known that the descriptor has not become that of something else. */
  readonly inode: string;
  /** As systemd calls it. */
  readonly name: string;
  /** Of a unix socket; then host and port are not used. */
  readonly path: string | null;
  readonly host: string;
  readonly port: number;
}

export interface WantedSocket {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}

/** One of systemd's that is none that a door can take. */
export interface StrangeSocket {
  readonly fd: number;
  readonly name: string;
}

export interface Passed {
  readonly sockets: readonly PassedSocket[];
  readonly strange: readonly StrangeSocket[];
}

const FIRST_FD = 3;
const NETWORK = '/proc/self/net';
const DESCRIPTORS = '/proc/self/fd';
const TCP_LISTENS = '0A';
/** SO_ACCEPTCON in the flags of a unix socket. */
const UNIX_LISTENS = 0x1_00_00;

/** What the environment says that was passed to this process, and to no other. */
export function findPassed(env: NodeJS.ProcessEnv, pid: number): Passed {
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (!Number.isInteger(count) || count <= 0 || Number(env['LISTEN_PID']) !== pid) return { sockets: [], strange: [] };
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  const listening = new Map([...tcpSockets('tcp'), ...tcpSockets('tcp6'), ...unixSockets()]);
  const sockets: PassedSocket[] = [];
  const strange: StrangeSocket[] = [];
  for (let index = 0; index < count; index++) {
    const fd = FIRST_FD + index;
    const inode = inodeOf(fd);
    const name = names[index] ?? '';
    const address = inode === null ? undefined : listening.get(inode);
    if (inode === null || address === undefined) strange.push({ fd, name });
    else sockets.push({ fd, inode, name, ...address });
  }
  return { sockets, strange };
}

type Address = Pick<PassedSocket, 'path' | 'host' | 'port'>;

function tcpSockets(table: 'tcp' | 'tcp6'): [string, Address][] {
  return linesOf(table).flatMap((fields): [string, Address][] => {
    const [, local = '', , state, , , , , , inode = ''] = fields;
    const [address = '', port = ''] = local.split(':');
    if (state !== TCP_LISTENS) return [];
    return [[inode, { path: null, host: hostOf(address), port: Number.parseInt(port, 16) }]];
  });
}

function unixSockets(): [string, Address][] {
  return linesOf('unix').flatMap((fields): [string, Address][] => {
    const [, , , flags = '', , , inode = '', path = ''] = fields;
    const isListening = (Number.parseInt(flags, 16) & UNIX_LISTENS) !== 0;
    return isListening && path !== '' ? [[inode, { path, host: '', port: 0 }]] : [];
  });
}

function linesOf(table: string): string[][] {
  try {
    const [, ...lines] = readFileSync(`${NETWORK}/${table}`, 'utf8').trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

/** From words of 32 bits, each with its bytes in the order of the machine. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  return canonicalHost(groups.join(':'));
}

function inodeOf(fd: number): string | null {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${DESCRIPTORS}/${fd}`))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Those of one thread. */
export class PassedSockets {
  #sockets: readonly PassedSocket[] = [];
  #thread = 0;
  #threads = 1;

  /** Where several threads serve the same doors, each takes its share of the sockets that have the same address. */
  receive(sockets: readonly PassedSocket[], thread = 0, threads = 1): void {
    this.#sockets = sockets;
    this.#thread = thread;
    this.#threads = threads;
  }

  get all(): readonly PassedSocket[] {
    return this.#sockets;
  }

  at(address: WantedSocket): PassedSocket[] {
    return this.#sockets.filter((socket) => fits(socket, address));
  }

  /** Null: none has that address, so that a door opens one of its own. Empty: other threads have those that there are. */
  claim(address: WantedSocket): number[] | null {
    const found = this.at(address);
    if (found.length === 0) return null;
    const own = found.filter((_, index) => index % this.#threads === this.#thread);
    if (own.some((socket) => !isStillThere(socket))) throw new Error(CLOSED);
    return own.map(({ fd }) => fd);
  }
}

const CLOSED =
  'the socket that systemd passed for it has been closed since, because the configuration did not name it any more: only a restart brings it back';

function fits(socket: PassedSocket, { host = '', port = 0, path }: WantedSocket): boolean {
  if (path !== undefined) return socket.path === path;
  if (socket.path !== null || socket.port !== port) return false;
  if (host === '' || host === '::') return isEvery(socket.host);
  if (host === 'localhost') return socket.host === '127.0.0.1' || socket.host === '::1';
  return socket.host === canonicalHost(host);
}

function isEvery(host: string): boolean {
  const address = parseIp(host);
  return address !== undefined && isUnspecified(address);
}

export function isStillThere({ fd, inode }: PassedSocket): boolean {
  return inodeOf(fd) === inode;
}

export const passedSockets: PassedSockets = new PassedSockets();
