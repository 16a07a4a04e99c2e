// What a person sees when Sluice has started: each door, one thing to try at it, and how to get on. Rule: every command
// shown works as it stands, and the token is shown only when it has just been made.

import type { DoorName, DoorStatus } from '../runtime/doors/door.ts';
import { localAddress } from './local-address.ts';
import type { Paint } from './terminal.ts';

export interface StartUp {
  readonly version: string;
  readonly readyMs: number;
  readonly doors: readonly DoorStatus[];
  readonly metricsPath: string;
  readonly egress: StartUpEgress;
  readonly configFiles: readonly string[];
  /** Where the token lies, and the token itself if it has just been made; null when the config sets it. */
  readonly token: { readonly file: string; readonly fresh: string | null } | null;
}

/** What a person has to know of the forward proxy to use it. */
export interface StartUpEgress {
  /** The hops of the chain, in order. */
  readonly chain: readonly string[];
  /** Somebody who may use it; null: nobody is asked. */
  readonly user: string | null;
}

type Line = readonly [title: string, text: string, remark?: string];

export function startUpBlock(start: StartUp, paint: Paint): string {
  const lines = [...start.doors.flatMap((door) => doorLines(door, start)), ...configLine(start)];
  const width = Math.max(...lines.map(([title]) => title.length));
  const rows = lines.map(([title, text, remark]) => {
    const arrow = title === '' ? ' ' : paint('green', '➜');
    return `  ${arrow}  ${paint('bold', title.padEnd(width))}   ${text}${remark === undefined ? '' : paint('dim', `  ${remark}`)}`;
  });
  const heading = `  ${paint(['bold', 'cyan'], 'SLUICE')} ${start.version}  ready in ${Math.round(start.readyMs)} ms`;
  return `\n${heading}\n\n${rows.join('\n')}\n\n`;
}

interface DoorLines {
  readonly title: string;
  /** One thing to try, given an address that can be called from this machine. */
  readonly attempt?: (address: string, start: StartUp) => string;
}

const DOORS: Readonly<Record<DoorName, DoorLines>> = {
  handover: { title: 'Handover' },
  gateway: { title: 'Gateway', attempt: (address) => curl(address, '/health') },
  egress: {
    title: 'Egress',
    attempt: (address, { egress: { user } }) =>
      `curl -x ${address}${user === null ? '' : ` -U ${user}`} https://example.com`,
  },
  tunnels: { title: 'Tunnels' },
  nodes: { title: 'Nodes' },
  admin: { title: 'Admin', attempt: () => 'sluice status' },
  metrics: { title: 'Metrics', attempt: (address, { metricsPath }) => curl(address, metricsPath) },
};

function doorLines(door: DoorStatus, start: StartUp): Line[] {
  const { title, attempt } = DOORS[door.name];
  const line = firstLine(title, door, start);
  return attempt === undefined ? [line] : [line, ['', attempt(localAddress(door.address), start)]];
}

function firstLine(title: string, { name, address }: DoorStatus, { token, egress }: StartUp): Line {
  if (name === 'admin') return adminLine(title, address, token);
  return name === 'egress' ? [title, address, egressRemark(egress)] : [title, address];
}

function egressRemark({ chain }: StartUpEgress): string {
  return `HTTP, CONNECT and SOCKS, ${chain.length === 0 ? 'direct' : `through ${chain.join(', then ')}`}`;
}

function adminLine(title: string, address: string, token: StartUp['token']): Line {
  if (token === null) return [title, address];
  if (token.fresh === null) return [title, address, `token in ${token.file}`];
  return [title, `${localAddress(address)}/#t=${token.fresh}`, `shown once, kept in ${token.file}`];
}

function configLine({ configFiles }: StartUp): Line[] {
  if (configFiles.length === 0) return [['Config', 'the defaults', 'sluice config init writes a file to start from']];
  return [['Config', configFiles.join(', ')]];
}

/** A server that says who it is by a certificate of its own has to be taken at its word here. */
function curl(address: string, path: string): string {
  if (address.startsWith('unix:')) return `curl --unix-socket ${address.slice('unix:'.length)} http://localhost${path}`;
  return `curl ${address.startsWith('https:') ? '-k ' : ''}${address}${path}`;
}
