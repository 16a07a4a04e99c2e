// `sluice agent`: the agents of a running Sluice. Rule: what an agent prints goes to stdout as it is, what there is to say of it to stderr;
// the exit code is that of a success only if the agent says that it has succeeded.

import { Command, Option } from 'commander';
import type { AgentAnswer, AgentsAnswer, AgentStartedAnswer } from '../../control/admin-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import { eventsOf } from '../../client/text-lines.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { formatElapsed } from '../elapsed.ts';
import { addExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../terminal.ts';

interface CommonOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

interface StartOptions extends CommonOptions {
  readonly kind?: string;
  readonly model?: string;
  readonly session?: string;
  readonly cwd?: string;
  readonly timeout?: number;
  readonly user?: string;
}

interface ListOptions extends CommonOptions {
  readonly status?: string;
  readonly user?: string;
  readonly limit?: string;
}

const CONFIG_HELP = 'the config of that Sluice, to find it by its data directory';

export function agentCommand(context: CliContext): Command {
  const command = new Command('agent').description('Run coding agents in a running Sluice.');
  command.addCommand(startCommand(context));
  command.addCommand(streamCommand(context));
  command.addCommand(stopCommand(context));
  command.addCommand(listCommand(context));
  command.addCommand(logsCommand(context));
  addExamples(command, [
    ['sluice agent stream "What is in this folder?"', 'run one and see what it prints'],
    ['sluice agent ls --status running', 'which run now?'],
    ['sluice agent logs ID', 'what it has printed, and prints'],
  ]);
  return command;
}

function startCommand(context: CliContext): Command {
  const command = new Command('start')
    .description('Start an agent and leave it running. Prints its id.')
    .action(async (words: readonly string[], options: StartOptions) => {
      const client = await daemonOf(context, options);
      const started = await start(client, context, words, options);
      const text = options.json ? JSON.stringify({ schema: 'sluice.agent/v1', ...started }) : started.agent_id;
      context.stdout.write(`${text}\n`);
    });
  addStartOptions(command).option('--json', 'as JSON');
  addExamples(command, [
    ['sluice agent start --kind codex "Fix the tests"', 'with that kind of agent'],
    ['sluice agent start --session 5de2 "And now the docs"', 'go on with a session'],
    ['sluice agent start < prompt.txt', 'a prompt that is not to be seen among the arguments'],
  ]);
  return command;
}

function streamCommand(context: CliContext): Command {
  const command = new Command('stream')
    .description('Start an agent and show what it prints, line by line, to its end.')
    .action(async (words: readonly string[], options: StartOptions) => {
      const client = await daemonOf(context, options);
      const { agent_id: id } = await start(client, context, words, options);
      context.stderr.write(`agent ${printable(id)}\n`);
      await follow(client, context, id);
    });
  addStartOptions(command);
  addExamples(command, [
    ['sluice agent stream "What is in this folder?"', 'as JSON lines'],
    ['sluice agent stream "Review" | jq -r .message.content[].text?', 'the text only'],
  ]);
  return command;
}

function stopCommand(context: CliContext): Command {
  const command = new Command('stop')
    .description('Stop agents with all that they have started.')
    .argument('<id...>', 'as `sluice agent ls` shows them')
    .action(async (ids: readonly string[], options: CommonOptions) => {
      const client = await daemonOf(context, options);
      for (const id of ids) {
        const agent = await client.post<AgentAnswer>(`/api/v1/agents/${encodeURIComponent(id)}/stop`);
        context.stdout.write(`${printable(agent.agent_id)} ${agent.status}\n`);
      }
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice agent stop 9b0c5a', 'stop that one']]);
  return command;
}

function listCommand(context: CliContext): Command {
  const command = new Command('ls')
    .description('Show the agents of all users, the newest first.')
    .option('--status <STATUS>', 'queued, running, ok, error, denied, stopped, timeout or crashed')
    .option('--user <NAME>', 'those of one user')
    .option('--limit <COUNT>', 'no more than so many (default: 100)')
    .option('--json', 'as JSON')
    .action(async ({ config, json, ...question }: ListOptions) => {
      const client = await daemonOf(context, { ...(config && { config }) });
      const query = new URLSearchParams(Object.entries(question));
      const answer = await client.get<AgentsAnswer>(`/api/v1/agents?${query.toString()}`);
      const text = json ? JSON.stringify({ schema: 'sluice.agents/v1', ...answer }) : formatList(answer);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [
    ['sluice agent ls', 'the last 100'],
    ['sluice agent ls --status running --json', 'for a script'],
  ]);
  return command;
}

function logsCommand(context: CliContext): Command {
  const command = new Command('logs')
    .description('Show what an agent has printed, and go on until it ends.')
    .argument('<id>', 'as `sluice agent ls` shows it')
    .action(async (id: string, options: CommonOptions) => {
      await follow(await daemonOf(context, options), context, id);
    });
  addConfigOption(command, CONFIG_HELP);
  addExamples(command, [['sluice agent logs 9b0c5a', 'as JSON lines, to its end']]);
  return command;
}

function addStartOptions(command: Command): Command {
  command
    .argument('[prompt...]', 'what it is to do; without it, or as `-`, what stands on stdin')
    .option('--kind <KIND>', 'the kind of agent (default: agents.default)')
    .option('--model <MODEL>', 'as the agent calls it')
    .option('--session <ID>', 'go on with that session')
    .option('--cwd <FOLDER>', 'where it runs, within the workspace')
    .addOption(new Option('--timeout <SECONDS>', 'stop it after so long').argParser(secondsOf))
    .option('--user <NAME>', 'whose it is (default: nobody)');
  addConfigOption(command, CONFIG_HELP);
  return command;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new SluiceError('usage', { message: `--timeout: expected a number of seconds, not "${text}".` });
}

async function daemonOf(context: CliContext, { config }: CommonOptions): Promise<AdminClient> {
  const { findDaemon } = await import('../find-daemon.ts');
  return findDaemon(context, config);
}

async function start(
  client: AdminClient,
  context: CliContext,
  words: readonly string[],
  { kind, model, session, cwd, timeout, user = '' }: StartOptions,
): Promise<AgentStartedAnswer> {
  const prompt = await promptOf(words, context);
  const body = { prompt, kind, model, session_id: session, cwd, timeout };
  return client.post<AgentStartedAnswer>(`/api/v1/agents?${new URLSearchParams({ user }).toString()}`, body);
}

async function promptOf(words: readonly string[], { stdin = process.stdin }: CliContext): Promise<string> {
  const text = words.join(' ');
  if (text !== '' && text !== '-') return text;
  let read = '';
  for await (const part of stdin) read += String(part);
  if (read.trim() === '')
    throw new SluiceError('usage', { message: 'There is no prompt: say what the agent is to do.' });
  return read;
}

async function follow(client: AdminClient, context: CliContext, id: string): Promise<void> {
  const pieces = client.stream(`/api/v1/agents/${encodeURIComponent(id)}/events`);
  for await (const { name, data } of eventsOf(pieces)) {
    if (name !== 'complete') {
      context.stdout.write(`${data}\n`);
      continue;
    }
    const agent = JSON.parse(data) as AgentAnswer;
    context.stderr.write(`${formatEnd(agent)}\n`);
    if (agent.status !== 'ok') context.setExitCode(EXIT.failure);
  }
}

function formatEnd({ agent_id: id, status, reason, session_id: session, cost_usd: cost }: AgentAnswer): string {
  const parts = [
    `agent ${printable(id)}: ${status}`,
    ...(reason === null ? [] : [printable(reason)]),
    ...(session === null ? [] : [`session ${printable(session)}`]),
    ...(cost === null ? [] : [`$${cost.toFixed(4)}`]),
  ];
  return parts.join(', ');
}

function formatList({ agents, running, queued, node: here, missing }: AgentsAnswer): string {
  const isElsewhere = agents.some(({ node }) => node !== here);
  const rows = agents.map((agent) => {
    const { agent_id: id, kind, status, user, started_at: started, ended_at: ended, session_id: session } = agent;
    const last = ended === null ? Date.now() : Date.parse(ended);
    const elapsed = started === null ? '-' : formatElapsed(Math.max(0, (last - Date.parse(started)) / 1000));
    const cells = [id, kind, status, user ?? '-', elapsed, session ?? '-'];
    return [...cells, ...(isElsewhere ? [agent.node] : [])].map(printable);
  });
  const header = ['agent', 'kind', 'status', 'user', 'time', 'session', ...(isElsewhere ? ['node'] : [])];
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [header, ...rows].map((row) => {
    return row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  });
  const silent = missing.map((name) => `${printable(name)} did not say what it has`);
  return [...(agents.length === 0 ? [] : lines), ...silent, `${running} running, ${queued} waiting`].join('\n');
}
