// `sluice tunnels`: the tunnels of a running Sluice, and who may open them. Rule: tokens and codes of invitations go to stdout alone, so that
// they can be piped; what there is to say of them goes to stderr.

import { Command } from 'commander';
import type {
  TunnelAnswer,
  TunnelInvitationMadeAnswer,
  TunnelInvitationsAnswer,
  TunnelsAnswer,
} from '../../control/admin-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import { parseDuration } from '../../core/duration.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { formatElapsed } from '../elapsed.ts';
import { addExamples } from '../examples.ts';
import { formatBytes, formatTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { tunnelAccountsCommand } from './tunnel-accounts.ts';

interface CommonOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

interface InviteOptions extends CommonOptions {
  readonly note?: string;
  readonly for?: string;
}

const CONFIG_HELP = 'the config of that Sluice, to find it by its data directory';
const HEADER = ['name', 'account', 'client', 'since', 'requests', 'received', 'sent', 'reconnects', 'round trip'];
const NUMBERS = [4, 5, 6, 7, 8];

export function tunnelsCommand(context: CliContext): Command {
  const command = new Command('tunnels')
    .description('Show the tunnels of a running Sluice, and say who may open them.')
    .option('--json', 'as JSON')
    .action(async (options: CommonOptions) => {
      const answer = await (await daemonOf(context, options)).get<TunnelsAnswer>('/api/v1/tunnels?nodes=all');
      const text = options.json ? JSON.stringify({ schema: 'sluice.tunnels/v1', ...answer }) : formatTunnels(answer);
      context.stdout.write(`${text}\n`);
      for (const node of answer.missing_nodes) {
        context.stderr.write(`${printable(node)} has not answered: its tunnels are missing here.\n`);
      }
    });
  addConfigOption(command, CONFIG_HELP);
  command.addCommand(removeCommand(context));
  command.addCommand(tunnelAccountsCommand(context));
  command.addCommand(inviteCommand(context));
  command.addCommand(invitationsCommand(context));
  addExamples(command, [
    ['sluice tunnels', 'which are there, and are their clients?'],
    ['sluice tunnels remove app', 'end one; its name is free'],
    ['sluice tunnels accounts', 'who may open some'],
    ['sluice tunnels invite --note Ann', 'let somebody make an account'],
  ]);
  return command;
}

function removeCommand(context: CliContext): Command {
  const command = new Command('remove')
    .description('End tunnels and give their names free.')
    .argument('<name...>', 'as `sluice tunnels` shows them')
    .action(async (names: readonly string[], options: CommonOptions) => {
      const client = await daemonOf(context, options);
      for (const name of names) {
        await client.delete(`/api/v1/tunnels/${encodeURIComponent(name)}`);
        context.stdout.write(`${printable(name)} removed\n`);
      }
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels remove app', 'its client is told, and not let back under a name of another']]);
  return command;
}

function inviteCommand(context: CliContext): Command {
  const command = new Command('invite')
    .description('Make an invitation: whoever has it can register once. Prints its code.')
    .option('--note <TEXT>', 'whom it is for')
    .option('--for <TIME>', 'how long it is good for (default: 7d)')
    .option('--json', 'as JSON')
    .action(async (options: InviteOptions) => {
      const body = { note: options.note, expires_in_seconds: secondsOf(options.for) };
      const client = await daemonOf(context, options);
      const made = await client.post<TunnelInvitationMadeAnswer>('/api/v1/tunnels/invitations', body);
      const text = options.json ? JSON.stringify({ schema: 'sluice.tunnel-invitation/v1', ...made }) : made.code;
      context.stdout.write(`${text}\n`);
      context.stderr.write(`It is good until ${made.expires_at}. Next: sluice register --invitation CODE\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels invite --note Ann --for 3d', 'good for three days']]);
  return command;
}

function invitationsCommand(context: CliContext): Command {
  const command = new Command('invitations')
    .description('Show the invitations, the used ones too.')
    .option('--remove <ID>', 'take that one back')
    .option('--json', 'as JSON')
    .action(async ({ remove, ...options }: CommonOptions & { readonly remove?: string }) => {
      const client = await daemonOf(context, options);
      if (remove !== undefined) await client.delete(`/api/v1/tunnels/invitations/${encodeURIComponent(remove)}`);
      const answer = await client.get<TunnelInvitationsAnswer>('/api/v1/tunnels/invitations');
      const text = options.json
        ? JSON.stringify({ schema: 'sluice.tunnel-invitations/v1', ...answer })
        : formatInvitations(answer);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels invitations', 'which were used, and by whom']]);
  return command;
}

async function daemonOf(context: CliContext, { config }: CommonOptions): Promise<AdminClient> {
  const { findDaemon } = await import('../find-daemon.ts');
  return findDaemon(context, config);
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return Math.ceil(ms / 1000);
  throw new SluiceError('usage', { message: `--for: expected a time such as 12h or 3d, not "${text}"` });
}

function formatTunnels({ tunnels }: TunnelsAnswer): string {
  if (tunnels.length === 0) return 'There are no tunnels.';
  // Behind everything else, and only where there are several.
  const hasNodes = tunnels.some(({ node }) => node !== null);
  const nodeOf = (node: string | null): string[] => (hasNodes ? [printable(node ?? '')] : []);
  const header = [...HEADER, ...(hasNodes ? ['node'] : [])];
  return formatTable([header, ...tunnels.map((tunnel) => [...rowOf(tunnel), ...nodeOf(tunnel.node)])], NUMBERS);
}

function rowOf(tunnel: TunnelAnswer): string[] {
  const { client } = tunnel;
  const roundTrip = client?.round_trip_ms ?? null;
  return [
    printable(tunnel.name),
    printable(tunnel.account),
    client === null ? 'away' : clientsOf(client.address, tunnel.clients),
    formatElapsed(Math.max(0, (Date.now() - Date.parse(tunnel.since)) / 1000)),
    String(tunnel.streams_total),
    formatBytes(tunnel.bytes_received),
    formatBytes(tunnel.bytes_sent),
    String(tunnel.reconnects),
    roundTrip === null ? '' : `${roundTrip.toFixed(1)} ms`,
  ];
}

function clientsOf(address: string, count: number): string {
  return count > 1 ? `${printable(address)} +${count - 1}` : printable(address);
}

function formatInvitations({ invitations }: TunnelInvitationsAnswer): string {
  if (invitations.length === 0) return 'There are no invitations.';
  const rows = invitations.map(({ id, note, expires_at: until, used_at: used, account }) => {
    const isOver = Date.parse(until) <= Date.now();
    const state = used !== null ? `used by ${printable(account ?? '')}` : isOver ? 'over' : 'open';
    return [id, printable(note), until.slice(0, 16).replace('T', ' '), state];
  });
  return formatTable([['id', 'note', 'until', 'state'], ...rows]);
}
