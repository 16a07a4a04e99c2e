// `sluice tunnels accounts`: who may open tunnels and how much. Rule: a token goes to stdout alone, once.

import { Command } from 'commander';
import type { TunnelAccountAnswer, TunnelAccountsAnswer, TunnelTokenAnswer } from '../../control/admin-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import { parseSize } from '../../core/size.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { formatBytes, formatTable } from '../table.ts';
import { printable } from '../terminal.ts';

interface CommonOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

interface ListOptions extends CommonOptions {
  readonly email?: string;
  readonly after?: string;
}

interface LimitOptions extends CommonOptions {
  readonly tunnels?: string;
  readonly clients?: string;
  readonly streams?: string;
  readonly requestsPerMinute?: string;
  readonly bytesPerDay?: string;
  readonly reset?: true;
}

const PATH = '/api/v1/tunnels/accounts';
const CONFIG_HELP = 'the config of that Sluice, to find it by its data directory';
const HEADER = ['id', 'email', 'token', 'tunnels', 'clients', 'requests today', 'bytes today', 'last used'];
const NUMBERS = [3, 4, 5, 6];

export function tunnelAccountsCommand(context: CliContext): Command {
  const command = new Command('accounts')
    .description('Show the accounts of the tunnel server with what they have and use.')
    .option('--email <ADDRESS>', 'those who have registered with that')
    .option('--after <ID>', 'the next page')
    .option('--json', 'as JSON')
    .action(async ({ email, after, ...options }: ListOptions) => {
      const query = new URLSearchParams({ ...(email && { email }), ...(after && { after }) });
      const answer = await (await daemonOf(context, options)).get<TunnelAccountsAnswer>(`${PATH}?${query.toString()}`);
      const text = options.json
        ? JSON.stringify({ schema: 'sluice.tunnel-accounts/v1', ...answer })
        : formatAccounts(answer);
      context.stdout.write(`${text}\n`);
      if (answer.next !== null) context.stderr.write(`There are more: --after ${printable(answer.next)}\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  command.addCommand(addCommand(context));
  command.addCommand(limitCommand(context));
  command.addCommand(renewCommand(context));
  command.addCommand(revokeCommand(context));
  command.addCommand(removeCommand(context));
  addExamples(command, [
    ['sluice tunnels accounts', 'the first hundred'],
    ['sluice tunnels accounts add ann@example.com', 'make one; prints its token'],
    ['sluice tunnels accounts revoke ID', 'its clients are gone at once'],
  ]);
  return command;
}

function addCommand(context: CliContext): Command {
  const command = new Command('add')
    .description('Make an account. Prints its token, which is not shown again.')
    .argument('<email>', 'whose it is')
    .option('--expires <TIME>', 'when the token ends, such as 2027-01-31T00:00:00Z')
    .option('--json', 'as JSON')
    .action(async (email: string, options: CommonOptions & { readonly expires?: string }) => {
      const client = await daemonOf(context, options);
      sayToken(context, options, await client.post(PATH, { email, expires_at: options.expires }));
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels accounts add ann@example.com', 'for her: sluice authtoken TOKEN']]);
  return command;
}

function limitCommand(context: CliContext): Command {
  const command = new Command('limit')
    .description('Give an account limits of its own, in the place of those that it had; `none` is no limit.')
    .argument('<id>', 'as `sluice tunnels accounts` shows it')
    .option('--tunnels <COUNT>', 'names at once')
    .option('--clients <COUNT>', 'connected clients')
    .option('--streams <COUNT>', 'requests at once')
    .option('--requests-per-minute <COUNT>', 'requests of visitors')
    .option('--bytes-per-day <SIZE>', 'both ways, such as 10GiB')
    .option('--reset', 'as everybody')
    .action(async (id: string, options: LimitOptions) => {
      const limits = options.reset ? null : limitsOf(options);
      const client = await daemonOf(context, options);
      const account = await client.patch<TunnelAccountAnswer>(pathOf(id), { limits });
      context.stdout.write(`${formatLimits(account)}\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [
    ['sluice tunnels accounts limit ID --tunnels 3 --bytes-per-day 10GiB', 'the rest is as for everybody'],
    ['sluice tunnels accounts limit user:alice --reset', 'all is as for everybody'],
  ]);
  return command;
}

function renewCommand(context: CliContext): Command {
  const command = new Command('renew')
    .description('Give an account another token, and print it. The one of before is worth nothing any more.')
    .argument('<id>', 'as `sluice tunnels accounts` shows it')
    .option('--json', 'as JSON')
    .action(async (id: string, options: CommonOptions) => {
      sayToken(context, options, await (await daemonOf(context, options)).post(`${pathOf(id)}/token`));
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels accounts renew ID', 'a new token']]);
  return command;
}

function revokeCommand(context: CliContext): Command {
  const command = new Command('revoke')
    .description('Make the token of an account worthless; its clients are disconnected, its names wait.')
    .argument('<id>', 'as `sluice tunnels accounts` shows it')
    .action(async (id: string, options: CommonOptions) => {
      await (await daemonOf(context, options)).delete(`${pathOf(id)}/token`);
      context.stdout.write(`${printable(id)} revoked\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels accounts revoke ID', 'until it is renewed']]);
  return command;
}

function removeCommand(context: CliContext): Command {
  const command = new Command('remove')
    .description('Remove an account; its names are free.')
    .argument('<id>', 'as `sluice tunnels accounts` shows it')
    .action(async (id: string, options: CommonOptions) => {
      await (await daemonOf(context, options)).delete(pathOf(id));
      context.stdout.write(`${printable(id)} removed\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice tunnels accounts remove ID', 'with everything it has']]);
  return command;
}

async function daemonOf(context: CliContext, { config }: CommonOptions): Promise<AdminClient> {
  const { findDaemon } = await import('../find-daemon.ts');
  return findDaemon(context, config);
}

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function sayToken(context: CliContext, { json }: CommonOptions, made: TunnelTokenAnswer): void {
  context.stdout.write(`${json ? JSON.stringify({ schema: 'sluice.tunnel-token/v1', ...made }) : made.token}\n`);
  context.stderr.write(`Account ${printable(made.account)}. The token is not shown again.\n`);
}

function limitsOf({ tunnels, clients, streams, requestsPerMinute, bytesPerDay }: LimitOptions): object {
  const limits = {
    tunnels: countOf('--tunnels', tunnels),
    clients: countOf('--clients', clients),
    streams: streams === 'none' ? null : countOf('--streams', streams),
    requests_per_minute: requestsPerMinute === 'none' ? null : countOf('--requests-per-minute', requestsPerMinute),
    bytes_per_day: bytesPerDay === 'none' ? null : sizeOf(bytesPerDay),
  };
  if (Object.values(limits).some((limit) => limit !== undefined)) return limits;
  throw new SluiceError('usage', { message: 'Say which limit, such as --tunnels 3, or --reset.' });
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new SluiceError('usage', { message: `${flag}: expected a whole number from 1 on, not "${text}"` });
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new SluiceError('usage', { message: `--bytes-per-day: expected a size such as 10GiB, not "${text}"` });
}

function formatAccounts({ accounts }: TunnelAccountsAnswer): string {
  if (accounts.length === 0) return 'There are no accounts.';
  const rows = accounts.map((account) => [
    printable(account.id),
    printable(account.email),
    tokenState(account),
    `${account.tunnels.length}/${account.limits.tunnels}`,
    `${account.clients}/${account.limits.clients}`,
    String(account.requests_today),
    formatBytes(account.bytes_today),
    account.last_used_at?.slice(0, 16).replace('T', ' ') ?? '',
  ]);
  return formatTable([HEADER, ...rows], NUMBERS);
}

function tokenState({ configured, has_token: hasToken, expires_at: expires }: TunnelAccountAnswer): string {
  if (configured) return 'of the config';
  if (!hasToken) return 'revoked';
  if (expires === null) return 'ok';
  return Date.parse(expires) <= Date.now() ? 'over' : `until ${expires.slice(0, 10)}`;
}

function formatLimits({ limits, own_limits: own }: TunnelAccountAnswer): string {
  const rows = Object.entries(limits).map(([key, value]: [string, number | null]) => {
    const amount = value !== null && key === 'bytes_per_day' ? formatBytes(value) : String(value ?? 'none');
    return [key, amount, own.includes(key) ? 'its own' : 'as everybody'];
  });
  return formatTable(rows, [1]);
}
