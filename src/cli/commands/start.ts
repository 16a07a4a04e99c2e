// `sluice start [FILE]`: all tunnels of a config. Rule: the files of ReTunnel are read as they are.

import { Command } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { addInspectFlag, type InspectFlag, inspectWishOf } from '../inspect-flag.ts';
import { addPatienceFlags, type PatienceFlags, patienceOf } from '../patience-flags.ts';

interface StartOptions extends PatienceFlags, InspectFlag {
  readonly config?: readonly string[];
  readonly server?: string;
}

export function startCommand(context: CliContext): Command {
  const command = new Command('start')
    .description('Open all tunnels of a config: those of tunnels.client, or of a retunnel.yml.')
    .argument('[FILE]', 'sluice.yaml, retunnel.yml or the like (default: one of these here, then ~/.retunnel.conf)')
    .option('--server <ADDRESS>', 'the tunnel server, in place of that of the file')
    .action(async (file: string | undefined, { config, server, inspect: wish, ...patience }: StartOptions) => {
      const inspectAt = inspectWishOf(wish === undefined ? {} : { inspect: wish });
      const [{ requireToken, tunnelSettings }, { runTunnels }] = await Promise.all([
        import('../tunnel-settings.ts'),
        import('../run-tunnels.ts'),
      ]);
      const settings = await tunnelSettings(context, { file, config, server, wantsTunnels: true });
      const { server: address, through, tunnels, inspect } = settings;
      if (tunnels.length === 0) {
        const message = 'There are no tunnels to open: the config says nothing under tunnels.client.tunnels.';
        throw new SluiceError('usage', { message });
      }
      const run = {
        server: address,
        through,
        token: requireToken(settings),
        tunnels,
        dataDir: settings.dataDir,
        inspect,
        ...patienceOf(patience),
      };
      context.setExitCode(await runTunnels(context, { ...run, inspectAt }));
    });
  addPatienceFlags(command);
  addInspectFlag(command);
  addConfigOption(command, 'a config file; the same as FILE, may be given several times');
  addExamples(command, [
    ['sluice start', 'the tunnels of sluice.yaml or retunnel.yml of this directory'],
    ['sluice start retunnel.yml --json', 'those of a file, for a program'],
  ]);
  return command;
}
