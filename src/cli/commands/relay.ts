// `sluice relay`: only the tunnel server, with the gateway that its visitors come by. Rule: what it starts is what a config with the same
// values would start.

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { RelayFlags } from '../relay-flags.ts';

export function relayCommand(context: CliContext): Command {
  const command = new Command('relay')
    .description('Start only the tunnel server: it gives local servers names below a domain.')
    .option('--domain <NAME>', 'names are below it (default: localhost)')
    .option('--listen <ADDRESS>', 'where clients of tunnels connect (default: 127.0.0.1:6400)')
    .option('--gateway <ADDRESS>', 'where visitors come in (default: 127.0.0.1:8080)')
    .option('--public-url <URL>', 'the address that owners are told, with {subdomain} in it')
    .option('--cert <FILE>', 'TLS at both doors with this certificate, which has to be for *.NAME as well')
    .option('--key <FILE>', 'its private key')
    .option('--one-port', 'clients may connect at the gateway too, to the domain itself')
    .option('-v, --verbose', 'log more')
    .action(async (flags: RelayFlags) => {
      const [{ relayFlagValues }, { runFromFlags }] = await Promise.all([
        import('../relay-flags.ts'),
        import('../foreground-from-flags.ts'),
      ]);
      const values = relayFlagValues(flags);
      context.setExitCode(await runFromFlags(context, () => values));
    });
  addExamples(command, [
    ['sluice relay', 'for this machine: a tunnel app is http://app.localhost:8080'],
    [
      'sluice relay --domain t.example.com --listen :6400 --gateway :8080 --public-url https://{subdomain}.t.example.com',
      'for a team, behind something that ends TLS',
    ],
    [
      'sluice relay --domain t.example.com --gateway :443 --one-port --cert t.pem --key t.key',
      'everything on one port: clients connect to wss://t.example.com',
    ],
  ]);
  return command;
}
