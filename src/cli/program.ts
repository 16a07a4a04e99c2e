// The tree of commands. Rule: a command's module is loaded only when that command is run, so that what one of them needs
// never slows another down; the others are there by name and summary only.

import { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addExamples } from './examples.ts';

type CommandFactory = (context: CliContext) => Command;

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFactory>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'start everything that the config turns on, and stay in the foreground',
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  {
    name: 'proxy',
    summary: 'start only the forward proxy, from the command line',
    load: async () => (await import('./commands/proxy.ts')).proxyCommand,
  },
  {
    name: 'gateway',
    summary: 'start only the reverse proxy, from the command line',
    load: async () => (await import('./commands/gateway.ts')).gatewayCommand,
  },
  {
    name: 'relay',
    summary: 'start only the tunnel server, from the command line',
    load: async () => (await import('./commands/relay.ts')).relayCommand,
  },
  {
    name: 'http',
    summary: 'give a local HTTP server a public address',
    load: async () => (await import('./commands/http.ts')).httpCommand,
  },
  {
    name: 'tcp',
    summary: 'give a local TCP server a public port',
    load: async () => (await import('./commands/tcp.ts')).tcpCommand,
  },
  {
    name: 'start',
    summary: 'open all tunnels of a config',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'authtoken',
    summary: 'save the token for a tunnel server',
    load: async () => (await import('./commands/authtoken.ts')).authtokenCommand,
  },
  {
    name: 'register',
    summary: 'get a token from a tunnel server',
    load: async () => (await import('./commands/register.ts')).registerCommand,
  },
  {
    name: 'tunnels',
    summary: 'show the tunnels of a running Sluice, and say who may open them',
    load: async () => (await import('./commands/tunnels.ts')).tunnelsCommand,
  },
  {
    name: 'requests',
    summary: 'show what went through a running Sluice, or goes through now',
    load: async () => (await import('./commands/requests.ts')).requestsCommand,
  },
  {
    name: 'events',
    summary: 'show what has happened to a running Sluice, or happens now',
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  {
    name: 'status',
    summary: 'show what a running Sluice is doing',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'doctor',
    summary: 'look for what is wrong, or will be',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'token',
    summary: 'make tokens for users, list them and take them back',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'reload',
    summary: 'make a running Sluice load its config again',
    load: async () => (await import('./commands/reload.ts')).reloadCommand,
  },
  {
    name: 'cache',
    summary: 'show how the cache does, and purge it',
    load: async () => (await import('./commands/cache.ts')).cacheCommand,
  },
  {
    name: 'explain',
    summary: 'tell what would become of a request, and why',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  {
    name: 'config',
    summary: 'make, check, show and explain the config',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'env',
    summary: 'print the variables that send programs through the running Sluice',
    load: async () => (await import('./commands/env.ts')).envCommand,
  },
  {
    name: 'run',
    summary: 'run a command through the running Sluice',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'exec',
    summary: 'run a command on a running Sluice',
    load: async () => (await import('./commands/exec.ts')).execCommand,
  },
  {
    name: 'agent',
    summary: 'run coding agents in a running Sluice',
    load: async () => (await import('./commands/agent.ts')).agentCommand,
  },
  {
    name: 'ai',
    summary: 'show what a running Sluice does for providers of AI',
    load: async () => (await import('./commands/ai.ts')).aiCommand,
  },
  {
    name: 'import',
    summary: 'turn the config of another program into one of Sluice',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    load: async () => {
      const { completionCommand } = await import('./commands/completion.ts');
      return (context) => completionCommand(context, () => buildProgram(context, 'all'));
    },
  },
  {
    name: 'version',
    summary: 'show the version',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'help',
    summary: 'explain a command, a topic or an error code',
    load: async () => {
      const { helpCommand } = await import('./commands/help.ts');
      return (context) => helpCommand(context, () => buildProgram(context, 'all'));
    },
  },
];

/** Builds the tree with the module of one command, by name, or of all of them. */
export async function buildProgram(context: CliContext, wanted: string): Promise<Command> {
  const program = new Command('sluice')
    .description('One program for every way traffic moves.')
    .usage('COMMAND [OPTIONS]')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'sluice: ')),
    });
  addExamples(program, [
    ['sluice up', 'start with sluice.yaml of this directory, or with the defaults'],
    ['sluice up -c edge.yaml --watch', 'start with that file, and follow its changes'],
    ['sluice status', 'is it running, and where does it listen?'],
    ['sluice help upstream_timeout', 'what an error code means'],
  ]);
  program.addHelpText('after', '\nMore: sluice help COMMAND, sluice help environment, sluice help exit-codes');
  for (const { name, summary, load } of COMMANDS) {
    const isWanted = wanted === 'all' || wanted === name;
    const command = isWanted ? (await load())(context) : new Command(name);
    program.addCommand(command.summary(summary));
  }
  inheritSettings(program);
  return program;
}

/** Commander hands the settings down only to commands that it has made itself. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent).helpCommand(false);
    command.showHelpAfterError(`(see: sluice help ${commandPath(command)})`);
    inheritSettings(command);
  }
}

/** The words after `sluice` that lead to a command. */
function commandPath(command: Command): string {
  const above = command.parent?.parent ? `${commandPath(command.parent)} ` : '';
  return above + command.name();
}
