// `sluice cache`: how the cache of a running Sluice does, and what is to be gone from it. Rule: nothing is purged that was not named.

import { Command, Option } from 'commander';
import type { CacheCountsAnswer, CacheStatsAnswer, PurgedAnswer } from '../../control/admin-answers.ts';
import { SluiceError } from '../../core/errors.ts';
import { formatSize } from '../../core/size.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { printable } from '../terminal.ts';

interface StatsOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

interface PurgeOptions extends StatsOptions {
  readonly prefix?: string;
  readonly pattern?: string;
  readonly tag?: string;
  readonly all?: true;
  readonly soft?: true;
}

const HEADER = ['route', 'hits', 'misses', 'stale', 'coalesced', 'stored', 'evicted', 'purged', 'ratio'];

export function cacheCommand(context: CliContext): Command {
  const command = new Command('cache').description('Look after the cache of a running Sluice.');
  command.addCommand(statsCommand(context));
  command.addCommand(purgeCommand(context));
  addExamples(command, [
    ['sluice cache stats', 'how much is kept, and how often it helps'],
    ['sluice cache purge https://example.com/logo.png', 'one URL is fetched anew'],
    ['sluice cache purge --tag news --soft', 'all with that tag are asked for again'],
  ]);
  return command;
}

function statsCommand(context: CliContext): Command {
  const command = new Command('stats')
    .description('Show how much is kept, and how often it helps.')
    .option('--json', 'as JSON')
    .action(async ({ config, json }: StatsOptions) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const answer = await client.get<CacheStatsAnswer>('/api/v1/cache/stats');
      const text = json ? JSON.stringify({ schema: 'sluice.cache-stats/v1', ...answer }) : formatStats(answer);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [['sluice cache stats --json', 'for a script']]);
  return command;
}

function purgeCommand(context: CliContext): Command {
  const command = new Command('purge')
    .description('Have what is kept be gone, for all threads, at once.')
    .argument('[URL]', 'this one; without a scheme, both of http and https')
    .option('--prefix <URL>', 'all that begin so')
    .option('--pattern <HOST>', 'all of these hosts: *.example.com')
    .option('--tag <TAG>', 'all that are marked so in Surrogate-Key or Cache-Tag')
    .addOption(new Option('--all', 'everything'))
    .option('--soft', 'count it as stale instead: it is asked for again, and given while the origin is away')
    .option('--json', 'as JSON')
    .action(async (url: string | undefined, { config, json, ...options }: PurgeOptions) => {
      const query = purgeQuery(url, options);
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const answer = await client.delete<PurgedAnswer>(`/api/v1/cache?${query}`);
      context.stdout.write(`${json ? JSON.stringify({ schema: 'sluice.cache-purge/v1', ...answer }) : said(answer)}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice cache purge https://example.com/a', 'one URL'],
    ['sluice cache purge --pattern "*.example.com"', 'all of these hosts'],
    ['sluice cache purge --all', 'everything'],
  ]);
  return command;
}

function purgeQuery(url: string | undefined, { prefix, pattern, tag, all, soft }: PurgeOptions): string {
  const named = { url, prefix, pattern, tag, all: all === true ? 'true' : undefined };
  const wishes = Object.entries(named).filter((wish): wish is [string, string] => wish[1] !== undefined);
  if (wishes.length !== 1) {
    throw new SluiceError('usage', {
      message: 'Name what to purge in one way: a URL, --prefix, --pattern, --tag or --all.',
    });
  }
  return new URLSearchParams([...wishes, ...(soft === true ? [['soft', 'true']] : [])]).toString();
}

function said({ purged, soft }: PurgedAnswer): string {
  if (purged === 0) return 'Nothing of that was kept.';
  const what = purged === 1 ? '1 answer' : `${purged} answers`;
  return soft ? `${what} counted as stale from now on.` : `${what} purged.`;
}

function formatStats(stats: CacheStatsAnswer): string {
  const { entries, bytes, max_bytes: maxBytes, disk_bytes: diskBytes, routes } = stats;
  const kept = entries === 1 ? '1 answer' : `${entries} answers`;
  const onDisk = diskBytes === 0 ? '' : `, ${formatSize(diskBytes)} on disk`;
  const lines = [`${kept}, ${formatSize(bytes)} of ${formatSize(maxBytes)}${onDisk}`];
  if (maxBytes === 0) return 'There is no cache: see policies.cache.';
  if (routes.length === 0) return lines.join('\n');
  const rows = [HEADER, ...routes.map(({ route, ...counts }) => [printable(route), ...cellsOf(counts)])];
  if (routes.length > 1) rows.push(['all', ...cellsOf(stats)]);
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [...lines, '', ...rows.map((row) => lineOf(row, widths))].join('\n');
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
  );
  return cells.join('  ');
}

function cellsOf(counts: CacheCountsAnswer): string[] {
  const { hits, misses, stale, coalesced, stored, evictions, purged, hit_ratio: ratio } = counts;
  const numbers = [hits, misses, stale, coalesced, stored, evictions, purged].map(String);
  return [...numbers, ratio === null ? '-' : `${(100 * ratio).toFixed(1)} %`];
}
