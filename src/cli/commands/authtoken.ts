// `sluice authtoken TOKEN`: saves the token for a tunnel server. Rule: it is not shown again.

import { Command } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';

interface AuthtokenOptions {
  readonly config?: readonly string[];
  readonly server?: string;
}

export function authtokenCommand(context: CliContext): Command {
  const command = new Command('authtoken')
    .description('Save the token for a tunnel server, for "sluice http" and "sluice start".')
    .argument('<TOKEN>', 'the token')
    .option('--server <ADDRESS>', 'the server that it is for')
    .action(async (token: string, { config, server }: AuthtokenOptions) => {
      if (!/^[\x21-\x7e]{1,1024}$/.test(token)) {
        throw new SluiceError('usage', { message: 'A token has no blanks, and no characters beyond ASCII.' });
      }
      const [{ tunnelSettings }, { saveTunnelToken }, { nameOfServer }] = await Promise.all([
        import('../tunnel-settings.ts'),
        import('../../runtime/tunnel-client/tunnel-tokens.ts'),
        import('../../runtime/tunnel-client/expose-tunnels.ts'),
      ]);
      const settings = await tunnelSettings(context, { config, server });
      const name = nameOfServer(settings.server);
      const file = saveTunnelToken(settings.dataDir, name, token);
      context.stderr.write(`Saved the token for ${name} in ${file}.\n`);
    });
  addConfigOption(command, 'the config that names the server (default: sluice.yaml here)');
  addExamples(command, [['sluice authtoken slc_4f1c_9a0b --server wss://tunnels.example.com', 'for that server']]);
  return command;
}
