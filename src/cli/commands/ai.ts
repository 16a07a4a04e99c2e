// `sluice ai`: what a running Sluice does for providers of AI. Rule: it changes nothing, and nothing that it shows is a secret.

import { Command } from 'commander';
import type { AiAccountAnswer, AiAccountsAnswer, AiQuotaAnswer } from '../../control/admin-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { formatElapsed } from '../elapsed.ts';
import { addExamples } from '../examples.ts';
import { painter, printable } from '../terminal.ts';
import { aiLimitsCommand } from './ai-limits.ts';
import { aiTestCommand } from './ai-test.ts';
import { aiUsageCommand } from './ai-usage.ts';

interface AccountsOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

const COLOURS = { ok: 'green', expiring: 'yellow', dead: 'red', cooling: 'yellow', auth_failed: 'red' } as const;
const WORDS = { dead: 'dead: sign in again', auth_failed: 'refused' } as const;
const NONE = 'No accounts: requests go with what the clients have themselves.';
const TERMS = `The login of a subscription is for its owner's own use of the provider's own programs, by the terms of the providers.
For anything that is shared use API keys, or "passthrough", which leaves each client its own login.`;

export function aiCommand(context: CliContext): Command {
  const command = new Command('ai').description('Show what a running Sluice does for providers of AI.');
  command.addCommand(accountsCommand(context));
  command.addCommand(aiUsageCommand(context));
  command.addCommand(aiLimitsCommand(context));
  command.addCommand(aiTestCommand(context));
  addExamples(command, [
    ['sluice ai accounts', 'how the accounts are that requests are sent with'],
    ['sluice ai usage', 'who has used how much'],
    ['sluice ai limits', 'who has how much left'],
    ['sluice ai test', 'are the providers reached?'],
  ]);
  return command;
}

function accountsCommand(context: CliContext): Command {
  const command = new Command('accounts')
    .description('Show the accounts that requests to providers of AI are sent with.')
    .option('--json', 'as JSON')
    .action(async ({ config, json }: AccountsOptions) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const answer = await client.get<AiAccountsAnswer>('/api/v1/ai/accounts');
      const text = json
        ? JSON.stringify({ schema: 'sluice.ai-accounts/v1', ...answer })
        : formatAccounts(answer.accounts, context);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice ai accounts', 'are all logins well?'],
    ['sluice ai accounts --json', 'for a script'],
  ]);
  return command;
}

function formatAccounts(accounts: readonly AiAccountAnswer[], context: CliContext): string {
  if (accounts.length === 0) return NONE;
  const lines = accounts.flatMap((account) => formatAccount(account, context));
  const hasStore = accounts.some(({ kind }) => kind === 'store');
  return [...lines, ...(hasStore ? ['', TERMS] : [])].join('\n');
}

function formatAccount(account: AiAccountAnswer, { stdout, env }: CliContext): string[] {
  const { provider, id, kind, file, state, reason, expires_at: expiresAt, readable_by_others: isOpen } = account;
  const paint = painter(stdout, env);
  const said = state === 'dead' || state === 'auth_failed' ? WORDS[state] : state;
  const from = kind === 'store' ? printable(file ?? '') : 'an API key';
  const left = expiresAt === null ? '' : `, ${formatLeft(Date.parse(expiresAt) - Date.now())}`;
  return [
    `${provider}/${printable(id)}  ${paint(COLOURS[state], said)}${formatRetry(account)}${left}  ${from}`,
    ...(reason === null ? [] : [`  ${printable(reason)}`]),
    ...(isOpen ? ['  others than its owner can read this file: chmod 600'] : []),
    ...(account.requests === 0 ? [] : [`  ${formatRequests(account)}`]),
    ...account.quota.map((quota) => `  ${formatQuota(quota)}`),
  ];
}

function formatRetry({ retry_at: retryAt }: AiAccountAnswer): string {
  return retryAt === null ? '' : ` for ${formatFrom(retryAt)}`;
}

function formatRequests({ requests, active, weight }: AiAccountAnswer): string {
  const many = requests === 1 ? '1 request' : `${requests} requests`;
  return [many, ...(active === 0 ? [] : [`${active} running`]), ...(weight === 1 ? [] : [`weight ${weight}`])].join(
    ', ',
  );
}

function formatQuota({ window, left, limit, remaining, resets_at: resetsAt, minutes }: AiQuotaAnswer): string {
  const name = printable(window.replaceAll('_', ' '));
  const span = minutes === null ? '' : ` (${formatElapsed(minutes * 60)})`;
  const counted = limit === null || remaining === null ? '' : `, ${remaining} of ${limit}`;
  return `${name}${span}: ${Math.floor(left * 100)} % left${counted}, anew in ${formatFrom(resetsAt)}`;
}

function formatFrom(date: string): string {
  return formatElapsed(Math.max(0, Math.ceil((Date.parse(date) - Date.now()) / 1000)));
}

function formatLeft(ms: number): string {
  return ms > 0 ? `holds for ${formatElapsed(Math.floor(ms / 1000))}` : 'has run out';
}
