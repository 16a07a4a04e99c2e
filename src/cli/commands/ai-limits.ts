// `sluice ai limits`: what users may have of providers of AI, and what they have left of it. Rule: a limit is shown under the name that it
// has in the configuration.

import { Command } from 'commander';
import type { AiLimitAnswer, AiLimitsAnswer, AiUserLimitsAnswer } from '../../control/admin-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { formatElapsed } from '../elapsed.ts';
import { addExamples } from '../examples.ts';
import { printable } from '../terminal.ts';

interface LimitsOptions {
  readonly config?: readonly string[];
  readonly json?: true;
  readonly user?: string;
}

const HEADER = ['user', 'limit', 'most', 'used', 'left', 'until'];
const NUMBERS = [2, 3, 4];
const NONE = 'Nobody has limits: see users[].limits and ai.limits.';

export function aiLimitsCommand(context: CliContext): Command {
  const command = new Command('limits')
    .description('Show what users may have of providers of AI, and what they have left.')
    .option('--user <NAME>', 'only this one')
    .option('--json', 'as JSON')
    .action(async ({ config, json, user }: LimitsOptions) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const query = user === undefined ? '' : `?${new URLSearchParams({ user }).toString()}`;
      const answer = await client.get<AiLimitsAnswer>(`/api/v1/ai/limits${query}`);
      const text = json ? JSON.stringify({ schema: 'sluice.ai-limits/v1', ...answer }) : formatLimits(answer, user);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice ai limits', 'who has how much left'],
    ['sluice ai limits --user alice --json', 'for a script'],
  ]);
  return command;
}

function formatLimits({ users }: AiLimitsAnswer, user: string | undefined): string {
  if (users.length === 0) return user === undefined ? NONE : `${printable(user)} has no limits.`;
  const rows = [HEADER, ...users.flatMap(rowsOf)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function padded(cell: string, width: number, column: number): string {
  return NUMBERS.includes(column) ? cell.padStart(width) : cell.padEnd(width);
}

function rowsOf({ user, providers, models, limits }: AiUserLimitsAnswer): string[][] {
  const name = printable(user || '-');
  return [
    ...limits.map((limit) => [name, ...cellsOf(limit)]),
    ...listRow(name, 'ai_providers', providers),
    ...listRow(name, 'ai_models', models),
  ];
}

function cellsOf({ limit, most, used, left, resets_at: resetsAt }: AiLimitAnswer): string[] {
  const seconds = resetsAt === null ? 0 : Math.max(0, Math.floor((Date.parse(resetsAt) - Date.now()) / 1000));
  const until = resetsAt === null ? '' : `${resetsAt.slice(0, 10)}, in ${formatElapsed(seconds)}`;
  return [limit, ...[most, used, left].map(amountOf), until];
}

/** Sums of costs have last digits that mean nothing. */
function amountOf(amount: number): string {
  return Number.isInteger(amount) ? String(amount) : amount.toFixed(2);
}

function listRow(name: string, key: string, allowed: readonly string[] | null): string[][] {
  return allowed === null ? [] : [[name, key, '', '', '', `only ${allowed.map(printable).join(', ')}`]];
}
