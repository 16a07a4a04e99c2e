// `sluice ai usage`: what was used of providers of AI. Rule: numbers are shown as they are, and what is not known is said.

import { Command, Option } from 'commander';
import type { AiUsageAnswer, AiUsageLine } from '../../control/admin-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { printable } from '../terminal.ts';

interface UsageOptions {
  readonly config?: readonly string[];
  readonly json?: true;
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
}

const KEYS = ['day', 'provider', 'user', 'account', 'model', 'session'] as const;
const NUMBERS = ['requests', 'input', 'output', 'cache read', 'cache write', 'cost'];

export function aiUsageCommand(context: CliContext): Command {
  const command = new Command('usage')
    .description('Show what was used of providers of AI, in tokens and money.')
    .addOption(new Option('--by <KEYS>', `of ${KEYS.join(', ')}, with commas between`).default('day,user,model'))
    .option('--from <DAY>', 'the first day, such as 2026-11-01, in UTC (default: 30 days up to the last)')
    .option('--to <DAY>', 'the last day (default: today)')
    .option('--json', 'as JSON')
    .action(async ({ config, json, by, from, to }: UsageOptions) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const query = new URLSearchParams({ by, ...(from && { from }), ...(to && { to }) });
      const answer = await client.get<AiUsageAnswer>(`/api/v1/ai/usage?${query.toString()}`);
      const text = json ? JSON.stringify({ schema: 'sluice.ai-usage/v1', ...answer }) : formatUsage(answer);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice ai usage', 'the last 30 days'],
    ['sluice ai usage --by user --from 2026-11-01', 'who has used how much since then'],
    ['sluice ai usage --by session,model --json', 'for a script'],
  ]);
  return command;
}

function formatUsage({ from, to, usage }: AiUsageAnswer): string {
  if (usage.length === 0) return `Nothing was used from ${from} to ${to}.`;
  const keys = KEYS.filter((key) => usage[0]?.[key] !== undefined);
  const header = [...keys, ...NUMBERS];
  const rows = [header, ...usage.map((line) => rowOf(line, keys))];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? '';
      return column < keys.length ? cell.padEnd(width) : cell.padStart(width);
    });
    return cells.join('  ').trimEnd();
  });
  return [...lines, ...remarksOn(usage)].join('\n');
}

function rowOf(line: AiUsageLine, keys: readonly (typeof KEYS)[number][]): string[] {
  const { input_tokens: input, output_tokens: output, cache_read_tokens: read, cache_write_tokens: write } = line;
  return [
    ...keys.map((key) => printable(line[key] || '-')),
    ...[line.requests, input, output, read, write].map(String),
    line.cost === null ? '-' : line.cost.toFixed(2),
  ];
}

function remarksOn(usage: readonly AiUsageLine[]): string[] {
  const sum = (key: 'unknown_requests' | 'cached_requests' | 'unpriced_requests'): number => {
    return usage.reduce((total, line) => total + line[key], 0);
  };
  const unknown = sum('unknown_requests');
  const cached = sum('cached_requests');
  const unpriced = sum('unpriced_requests');
  const remarks = [
    ...(unknown === 0 ? [] : [`Requests of which nobody knows what they have used: ${unknown}`]),
    ...(cached === 0 ? [] : [`Requests that were answered from the cache, at no cost: ${cached}`]),
    ...(unpriced === 0 ? [] : [`Requests without a price in ai.prices: ${unpriced}`]),
  ];
  return remarks.length === 0 ? [] : ['', ...remarks];
}
