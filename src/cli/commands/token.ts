// `sluice token`: tokens of users of a running Sluice. Rule: the value of a token goes to stdout alone, once, when it is made.

import { Command } from 'commander';
import type { TokenAnswer, TokenMadeAnswer, TokensAnswer } from '../../control/token-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { formatTable } from '../table.ts';
import { printable } from '../terminal.ts';

interface CommonOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

interface CreateOptions extends CommonOptions {
  readonly user: string;
  readonly may?: string;
}

const PATH = '/api/v1/tokens';
const CONFIG_HELP = 'the config of that Sluice, to find it by its data directory';
const NONE = 'No tokens. Make one with: sluice token create --user NAME --may egress,gateway';

export function tokenCommand(context: CliContext): Command {
  const command = new Command('token').description(
    'Make tokens for users of a running Sluice, list them and take them back.',
  );
  command.addCommand(createCommand(context));
  command.addCommand(listCommand(context));
  command.addCommand(revokeCommand(context));
  addExamples(command, [
    ['sluice token create --user alice', 'one more token for a user of the config'],
    ['sluice token ls', 'who has which'],
    ['sluice token revoke 3f9c2a81b04d', 'opens nothing any more, at once'],
  ]);
  return command;
}

function createCommand(context: CliContext): Command {
  const command = new Command('create')
    .description('Make a token. Its value is printed now, and never again.')
    .requiredOption('--user <NAME>', 'whose it is')
    .option(
      '--may <LIST>',
      'what it is good for: egress, gateway, ai, agents, exec, tunnels, admin (default: all that the user may)',
    )
    .option('--json', 'as JSON')
    .action(async ({ user, may, ...options }: CreateOptions) => {
      const client = await daemonOf(context, options);
      const wanted = { user, ...(may === undefined ? {} : { may: listOf(may) }) };
      const made = await client.post<TokenMadeAnswer>(PATH, wanted);
      if (options.json) context.stdout.write(`${JSON.stringify({ schema: 'sluice.token/v1', ...made })}\n`);
      else {
        context.stderr.write(
          `The token of ${user} for ${made.may.join(', ')}; it is not shown again. Take it back with:\n`,
        );
        context.stderr.write(`sluice token revoke ${printable(made.id ?? '')}\n`);
        context.stdout.write(`${made.token}\n`);
      }
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [
    ['sluice token create --user alice', 'all that alice may'],
    ['sluice token create --user alice --may ai', 'for one purpose only'],
    ['sluice token create --user ci --may egress > ci.token', 'for somebody who is not in the config'],
  ]);
  return command;
}

function listCommand(context: CliContext): Command {
  const command = new Command('ls')
    .description('List the tokens, without their values.')
    .option('--json', 'as JSON')
    .action(async (options: CommonOptions) => {
      const answer = await (await daemonOf(context, options)).get<TokensAnswer>(PATH);
      const text = options.json
        ? JSON.stringify({ schema: 'sluice.tokens/v1', ...answer })
        : formatTokens(answer.tokens);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [
    ['sluice token ls', 'those of the config, and those that were made'],
    ['sluice token ls --json', 'for a script'],
  ]);
  return command;
}

function revokeCommand(context: CliContext): Command {
  const command = new Command('revoke')
    .description('Take a token back. It opens nothing any more, at once and on all threads.')
    .argument('<ID>', 'as in sluice token ls')
    .option('--json', 'as JSON')
    .action(async (id: string, options: CommonOptions) => {
      const client = await daemonOf(context, options);
      const answer = await client.delete<{ revoked: string }>(`${PATH}/${encodeURIComponent(id)}`);
      if (options.json) context.stdout.write(`${JSON.stringify({ schema: 'sluice.token-revoked/v1', ...answer })}\n`);
      else context.stderr.write(`The token ${printable(answer.revoked)} opens nothing any more.\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice token revoke 3f9c2a81b04d', 'by its id']]);
  return command;
}

async function daemonOf(context: CliContext, { config }: CommonOptions): Promise<AdminClient> {
  const { findDaemon } = await import('../find-daemon.ts');
  return findDaemon(context, config);
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function formatTokens(tokens: readonly TokenAnswer[]): string {
  if (tokens.length === 0) return NONE;
  const rows = tokens.map(({ id, user, may, made_at: madeAt, in_force: isInForce }) => [
    id === null ? 'in the config' : printable(id),
    printable(user),
    may.join(', '),
    madeAt === null ? '' : new Date(madeAt).toLocaleString(),
    isInForce ? '' : 'not in force: its user is gone from the config',
  ]);
  return formatTable([['id', 'user', 'may', 'made', ''], ...rows]);
}
