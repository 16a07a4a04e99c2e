// `sluice requests`: what went through a running Sluice, and with --follow what goes through it now. Rule: what clients have sent is shown
// without its control characters; how many were too many to be shown is said.

import { Command } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import { eventsOf } from '../../client/text-lines.ts';
import type { ReplayAnswer } from '../../control/captured-answer.ts';
import type { RequestAnswer, RequestBatchAnswer, RequestsAnswer } from '../../control/admin-answers.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { painter, printable } from '../terminal.ts';

interface RequestsOptions {
  readonly config?: readonly string[];
  readonly follow?: true;
  readonly json?: true;
  readonly limit?: string;
  readonly door?: string;
  readonly route?: string;
  readonly method?: string;
  readonly status?: string;
  readonly host?: string;
  readonly user?: string;
  readonly upstream?: string;
  readonly error?: string;
  readonly slower?: string;
  readonly text?: string;
}

export function requestsCommand(context: CliContext): Command {
  const command = new Command('requests')
    .description('Show what went through a running Sluice.')
    .option('-f, --follow', 'what goes through from now on, until you stop it')
    .option('--limit <N>', 'no more than so many', '30')
    .option('--door <NAME>', 'only those of that door')
    .option('--route <NAME>', 'only those of that route')
    .option('--method <METHOD>', 'only those with that method')
    .option('--status <STATUS>', 'only those answered so: 404, or 5xx')
    .option('--host <PART>', 'only those whose host has this in it')
    .option('--user <NAME>', 'only those of that user')
    .option('--upstream <PART>', 'only those that such a server or exit answered')
    .option('--error <CODE>', 'only those that failed so; `any` for all that failed')
    .option('--slower <MS>', 'only those that took longer')
    .option('--text <TEXT>', 'only those with this somewhere in them')
    .option('--json', 'as JSON; with --follow one object a line')
    .action((options: RequestsOptions) => show(context, options));
  command.addCommand(replayCommand(context));
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice requests', 'the last ones'],
    ['sluice requests --follow --status 5xx', 'errors, as they come'],
    ['sluice requests --slower 500 --json', 'slow ones, for a script'],
    ['sluice requests replay ID', 'the same request once more'],
  ]);
  return command;
}

interface ReplayOptions {
  readonly config?: readonly string[];
  readonly header: readonly string[];
  readonly without: readonly string[];
  readonly target?: string;
  readonly json?: true;
}

function replayCommand(context: CliContext): Command {
  const gather = (value: string, before: readonly string[]): string[] => [...before, value];
  const command = new Command('replay')
    .description('Send a request that went through once more, at the same door and through all its policies.')
    .argument('<ID>', 'its id, as in X-Request-Id and in `sluice requests --json`')
    .option('--header <NAME: VALUE>', 'in place of one that it had; once for each', gather, [])
    .option('--without <NAME>', 'leave this header field out; once for each', gather, [])
    .option('--target <TARGET>', 'in place of its path and query')
    .option('--json', 'as JSON')
    .action((id: string, options: ReplayOptions) => replay(context, id, options));
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice requests replay 4f1c-27', 'the same again'],
    ['sluice requests replay 4f1c-27 --without cookie --target /cart', 'the same without cookies, elsewhere'],
  ]);
  return command;
}

async function replay(context: CliContext, id: string, options: ReplayOptions): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(context, options.config);
  const headers = Object.fromEntries([
    ...options.header.map((line) => headerIn(line)),
    ...options.without.map((name): [string, null] => [name, null]),
  ]);
  const wish = { headers, ...(options.target !== undefined && { target: options.target }) };
  const answer = await client.post<ReplayAnswer>(`/api/v1/requests/${encodeURIComponent(id)}/replay`, wish);
  const { stdout, stderr } = context;
  if (options.json) {
    stdout.write(`${JSON.stringify({ schema: 'sluice.replay/v1', ...answer })}\n`);
    return;
  }
  const { request, response } = answer;
  stderr.write(request === null ? `${response.status}\n` : `${lineOf(request, context)}\n`);
  if (response.text !== null) stdout.write(printable(response.text));
  else if (stdout.isTTY === true) stderr.write(`The answer has ${response.bytes} bytes that are no text.\n`);
  else stdout.write(Buffer.from(response.base64 ?? '', 'base64'));
  if (response.cut) stderr.write(`The answer had ${response.bytes} bytes; this is the beginning.\n`);
}

function headerIn(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon <= 0) throw new SluiceError('invalid_input', { message: `--header "${line}": expected NAME: VALUE` });
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

async function show(context: CliContext, options: RequestsOptions): Promise<void> {
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(context, options.config);
  const path = `/api/v1/requests?${queryOf(options).toString()}`;
  if (options.follow) {
    await follow(client.stream(path), context, options);
    return;
  }
  const { requests } = await client.get<RequestsAnswer>(path);
  if (options.json) context.stdout.write(`${JSON.stringify({ schema: 'sluice.requests/v1', items: requests })}\n`);
  else if (requests.length === 0)
    context.stderr.write('Nothing went through that fits. Try: sluice requests --follow\n');
  else for (const request of requests.toReversed()) context.stdout.write(`${lineOf(request, context)}\n`);
}

async function follow(pieces: AsyncIterable<string>, context: CliContext, { json }: RequestsOptions): Promise<void> {
  for await (const { data } of eventsOf(pieces)) {
    const { requests, missed } = JSON.parse(data) as RequestBatchAnswer;
    for (const request of requests) {
      context.stdout.write(`${json ? JSON.stringify(request) : lineOf(request, context)}\n`);
    }
    if (missed > 0) context.stderr.write(`${missed} more went through, too fast to be shown\n`);
  }
}

function queryOf({
  limit,
  door,
  route,
  method,
  status,
  host,
  user,
  upstream,
  error,
  slower,
  text,
}: RequestsOptions): URLSearchParams {
  const wanted = { limit, door, route, method, status, host, user, upstream, error, min_ms: slower, text };
  return new URLSearchParams(
    Object.entries(wanted).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  );
}

function lineOf(request: RequestAnswer, { stdout, env }: CliContext): string {
  const { at, method, host, target, status, duration_ms: duration, upstream, error, answered_by: by, user } = request;
  const paint = painter(stdout, env);
  const colour = status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  const place = target.startsWith('/') ? `${host}${target}` : target;
  const who = upstream ?? (by === null ? null : `policy ${by}`);
  return [
    paint('dim', new Date(at).toTimeString().slice(0, 8)),
    paint(colour, String(status)),
    `${printable(method).padEnd(6)} ${printable(place)}`,
    paint('dim', `${duration.toFixed(1)} ms`),
    ...(who === null ? [] : [paint('dim', printable(who))]),
    ...(user === null ? [] : [printable(user)]),
    ...(error === null ? [] : [paint('red', printable(error))]),
  ].join('  ');
}
