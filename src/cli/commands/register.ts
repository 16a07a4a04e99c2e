// `sluice register`: gets a token from a tunnel server, and saves it. Rule: the token goes into the file, and to stdout only where that is
// asked for.

import { Command } from 'commander';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';

interface RegisterOptions {
  readonly config?: readonly string[];
  readonly server?: string;
  readonly email?: string;
  readonly invitation?: string;
  readonly print?: true;
}

export function registerCommand(context: CliContext): Command {
  const command = new Command('register')
    .description('Get a token from a tunnel server that gives them, and save it.')
    .option('--server <ADDRESS>', 'the tunnel server')
    .option('--email <ADDRESS>', 'who you are (default: nobody in particular)')
    .option('--invitation <CODE>', 'from whoever runs the server, where that is needed')
    .option('--print', 'also print the token')
    .action(async ({ config, server, email, invitation, print }: RegisterOptions) => {
      const [{ tunnelSettings }, { saveTunnelToken }, { nameOfServer, registerAccount }] = await Promise.all([
        import('../tunnel-settings.ts'),
        import('../../runtime/tunnel-client/tunnel-tokens.ts'),
        import('../../runtime/tunnel-client/expose-tunnels.ts'),
      ]);
      const settings = await tunnelSettings(context, { config, server });
      const who = email ?? `anon-${crypto.randomUUID().slice(0, 8)}@sluice.invalid`;
      const account = { email: who, invitation };
      const token = await registerAccount(settings.server, account, context.env, settings.through);
      const name = nameOfServer(settings.server);
      const file = saveTunnelToken(settings.dataDir, name, token);
      if (print) context.stdout.write(`${token}\n`);
      context.stderr.write(`Registered at ${name}; the token is in ${file}. Next: sluice http PORT\n`);
    });
  addConfigOption(command, 'the config that names the server (default: sluice.yaml here)');
  addExamples(command, [
    ['sluice register --server wss://tunnels.example.com', 'a token of nobody in particular'],
    ['sluice register --email ann@example.com', 'with a name'],
  ]);
  return command;
}
