// `sluice gateway`: only the reverse proxy, from the command line. Rule: what it starts is what a config with the same
// values would start.

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { GatewayFlags } from '../gateway-flags.ts';

export function gatewayCommand(context: CliContext): Command {
  const command = new Command('gateway')
    .description('Start only the reverse proxy, in front of one or more backends.')
    .argument(
      '<BACKENDS...>',
      'where requests go: a URL, host:port or a port; "HOST=", "/path/*=" or both in front are a match',
    )
    .option('--listen <ADDRESS>', 'where it listens (default: 127.0.0.1:8080)')
    .option('--cache', 'keep answers and give them again, as they allow it')
    .option('--limit <RATE>', 'the most requests of one client, such as 100/s')
    .option('-v, --verbose', 'log more')
    .action(async (backends: string[], flags: GatewayFlags) => {
      const [{ gatewayFlagValues }, { runFromFlags }] = await Promise.all([
        import('../gateway-flags.ts'),
        import('../foreground-from-flags.ts'),
      ]);
      const values = gatewayFlagValues(backends, flags);
      context.setExitCode(await runFromFlags(context, () => values));
    });
  addExamples(command, [
    ['sluice gateway 3000', 'in front of a server on port 3000 of this machine'],
    [
      'sluice gateway --listen :80 api.example.com=http://10.0.0.7:8080 http://localhost:3000',
      'one host elsewhere, the rest here',
    ],
    ['sluice gateway "/api/*=9000" 3000', 'one path elsewhere'],
  ]);
  return command;
}
