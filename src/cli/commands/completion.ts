// `sluice completion SHELL`: the script that completes command lines. Rule: it is made from the tree of commands.

import { Argument, Command } from 'commander';
import { commandShapes } from '../command-shape.ts';
import { completionScript, type Shell, SHELLS } from '../completion-script.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';

export function completionCommand(context: CliContext, wholeProgram: () => Promise<Command>): Command {
  const command = new Command('completion')
    .description('Print the completion script of a shell.')
    .addArgument(new Argument('SHELL', 'the shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      context.stdout.write(completionScript(shell, commandShapes(await wholeProgram())));
    });
  addExamples(command, [
    ['source <(sluice completion bash)', 'for this shell; in ~/.bashrc for every one'],
    ['source <(sluice completion zsh)', 'the same in ~/.zshrc, after compinit'],
    ['sluice completion fish > ~/.config/fish/completions/sluice.fish', 'for every fish'],
  ]);
  return command;
}
