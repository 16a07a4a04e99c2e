// `sluice events`: what has happened to a running Sluice, and with --follow what happens to it now. Rule: what others have sent is shown
// without its control characters; how many were too many to be shown is said.

import { Command } from 'commander';
import { eventsOf } from '../../client/text-lines.ts';
import type { EventAnswer, EventBatchAnswer, EventsAnswer } from '../../control/event-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { painter, printable } from '../terminal.ts';

interface EventsOptions {
  readonly config?: readonly string[];
  readonly follow?: true;
  readonly json?: true;
  readonly limit: string;
  readonly kind?: string;
  readonly level?: string;
  readonly text?: string;
}

const COLOURS = { info: 'green', warn: 'yellow', error: 'red', fatal: 'red' } as const;

export function eventsCommand(context: CliContext): Command {
  const command = new Command('events')
    .description('Show what has happened to a running Sluice: health, reloads, tunnels, agents, limits, changes.')
    .option('-f, --follow', 'what happens from now on, until you stop it')
    .option('--limit <N>', 'no more than so many', '30')
    .option('--kind <KINDS>', 'only those of these kinds, with commas between; `log` for all lines of the log')
    .option('--level <LEVEL>', 'lines of the log from this level on: info, warn, error')
    .option('--text <TEXT>', 'only those with this somewhere in them')
    .option('--json', 'as JSON; with --follow one object a line')
    .action((options: EventsOptions) => show(context, options));
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice events', 'the last ones'],
    ['sluice events --follow --kind health,breaker', 'proxies and backends, as they go and come'],
    ['sluice events --kind log --level info', 'the log of a Sluice that runs elsewhere'],
  ]);
  return command;
}

async function show(context: CliContext, options: EventsOptions): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(context, options.config);
  const path = `/api/v1/events?${queryOf(options).toString()}`;
  if (options.follow) {
    await follow(client.stream(path), context, options);
    return;
  }
  const { events } = await client.get<EventsAnswer>(path);
  if (options.json) context.stdout.write(`${JSON.stringify({ schema: 'sluice.events/v1', items: events })}\n`);
  else if (events.length === 0) context.stderr.write('Nothing has happened that fits. Try: sluice events --follow\n');
  else for (const event of events.toReversed()) context.stdout.write(`${lineOf(event, context)}\n`);
}

async function follow(pieces: AsyncIterable<string>, context: CliContext, { json }: EventsOptions): Promise<void> {
  for await (const { data } of eventsOf(pieces)) {
    const { events, missed } = JSON.parse(data) as EventBatchAnswer;
    for (const event of events) {
      context.stdout.write(`${json ? JSON.stringify(event) : lineOf(event, context)}\n`);
    }
    if (missed > 0) context.stderr.write(`${missed} more have come, too fast to be shown\n`);
  }
}

function queryOf({ limit, kind, level, text }: EventsOptions): URLSearchParams {
  const wanted = { limit, kind, level, text };
  return new URLSearchParams(
    Object.entries(wanted).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  );
}

function lineOf({ at, kind, level, message, fields }: EventAnswer, { stdout, env }: CliContext): string {
  const paint = painter(stdout, env);
  return [
    paint('dim', new Date(at).toTimeString().slice(0, 8)),
    paint(COLOURS[level], kind.padEnd(11)),
    printable(message),
    ...Object.entries(fields).map(([name, value]) => paint('dim', printable(`${name}=${textOf(value)}`))),
  ].join('  ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
