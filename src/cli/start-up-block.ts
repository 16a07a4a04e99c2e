// What a person sees when Sluice has started: each door, one thing to try at it, and how to get on. Rule: every command
// shown works as it stands, and the token is shown only when it has just been made.

import type { DoorName, DoorStatus } from '../runtime/door.ts';
import { localAddress } from './local-address.ts';
import type { Paint } from './terminal.ts';

export interface StartUp {
  readonly version: string;
  readonly readyMs: number;
  readonly doors: readonly DoorStatus[];
  readonly metricsPath: string;
  readonly configFiles: readonly string[];
  /** Where the token lies, and the token itself if it has just been made; null when the config sets it. */
  readonly token: { readonly file: string; readonly fresh: string | null } | null;
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
  gateway: { title: 'Gateway', attempt: (address) => curl(address, '/health') },
  egress: { title: 'Egress', attempt: (address) => `curl -x ${address} https://example.com` },
  tunnels: { title: 'Tunnels' },
  admin: { title: 'Admin', attempt: () => 'sluice status' },
  metrics: { title: 'Metrics', attempt: (address, { metricsPath }) => curl(address, metricsPath) },
};

function doorLines(door: DoorStatus, start: StartUp): Line[] {
  const { title, attempt } = DOORS[door.name];
  const line = door.name === 'admin' ? adminLine(title, door.address, start.token) : ([title, door.address] as const);
  return attempt === undefined ? [line] : [line, ['', attempt(localAddress(door.address), start)]];
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
