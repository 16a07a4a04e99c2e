// `sluice run -- CMD…`: one command, sent through the running Sluice. Rule: the command cannot tell that it was started by
// Sluice but by its environment, and whoever waits for it hears what it said at its end.

import { Command } from 'commander';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { printable } from '../terminal.ts';

interface RunOptions {
  readonly config?: readonly string[];
  readonly user?: string;
}

export function runCommand(context: CliContext): Command {
  const command = new Command('run')
    .description('Run a command whose traffic goes through the running Sluice.')
    .argument('<COMMAND...>', 'the command with its arguments; no shell is in between')
    .option('--user <NAME>', 'as which user of the config, where the proxy asks for one')
    .passThroughOptions()
    .action(async ([name = '', ...args]: string[], options: RunOptions) => {
      const { findEnvironment } = await import('../find-environment.ts');
      const { runChild } = await import('../child-command.ts');
      const env = { ...context.env, ...(await findEnvironment(context, options)) };
      const { exitCode, fault } = await runChild({ command: name, args, env, cwd: context.cwd });
      if (fault !== null) context.stderr.write(`sluice: ${printable(name)}: ${printable(fault)}\n`);
      context.setExitCode(exitCode);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice run -- curl https://example.com', 'through the forward proxy of the Sluice that runs'],
    ['sluice run -- npm install', 'also for programs that start others'],
  ]);
  return command;
}
