// `sluice env`: prints the variables that send programs through the running Sluice. Rule: stdout is nothing but lines that
// a shell takes in, so that `eval "$(sluice env)"` is safe.

import { Command, Option } from 'commander';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { shellLines, shellOf, VARIABLE_SHELLS, type VariableShell } from '../shell-variables.ts';

interface EnvOptions {
  readonly config?: readonly string[];
  readonly shell?: VariableShell;
  readonly user?: string;
  readonly unset?: true;
  readonly json?: true;
}

export function envCommand(context: CliContext): Command {
  const command = new Command('env')
    .description('Print the environment variables that send programs through the running Sluice.')
    .addOption(new Option('--shell <SHELL>', 'for which shell (default: yours)').choices([...VARIABLE_SHELLS]))
    .option('--user <NAME>', 'as which user of the config, where the proxy asks for one')
    .option('--unset', 'take the variables away again')
    .option('--json', 'as JSON')
    .action(async (options: EnvOptions) => {
      const variables = await variablesOf(context, options);
      const text = options.json
        ? `${JSON.stringify({ schema: 'sluice.env/v1', variables })}\n`
        : shellLines(options.shell ?? shellOf(context.env), variables);
      context.stdout.write(text);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['eval "$(sluice env)"', 'in bash and zsh'],
    ['sluice env --shell fish | source', 'in fish'],
    ['sluice env --shell powershell | Out-String | Invoke-Expression', 'in PowerShell'],
    ['eval "$(sluice env --unset)"', 'back to how it was without a proxy'],
  ]);
  return command;
}

async function variablesOf(context: CliContext, options: EnvOptions): Promise<Record<string, string | null>> {
  if (options.unset) {
    const { PROXY_VARIABLES } = await import('../proxy-environment.ts');
    return Object.fromEntries(PROXY_VARIABLES.map((name) => [name, null]));
  }
  const { findEnvironment } = await import('../find-environment.ts');
  return findEnvironment(context, options);
}
