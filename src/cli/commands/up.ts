// `sluice up`: everything that the config turns on, in the foreground. Rule: without a file the defaults are a working
// program; a flag is a value of the config that wins over files and environment.

import { Command } from 'commander';
import type { FlagValue } from '../../config/overrides.ts';
import { addConfigOption, findConfigFiles } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';

interface UpOptions {
  readonly config?: readonly string[];
  readonly profile?: string;
  readonly watch?: true;
  readonly takeover?: true;
  readonly verbose?: true;
  readonly host?: string;
  readonly port?: string;
  readonly without?: readonly string[];
  /** false: `--no-corporate`. */
  readonly corporate?: boolean;
}

export function upCommand(context: CliContext): Command {
  const collect = (hop: string, hops: readonly string[] = []): readonly string[] => [...hops, hop];
  const command = new Command('up').description(
    'Start everything that the config turns on, and stay in the foreground.',
  );
  addConfigOption(
    command,
    'a config file; may be given several times, later files override (default: sluice.yaml here)',
  )
    .option('--profile <NAME>', 'also read sluice.NAME.yaml beside sluice.yaml')
    .option('--watch', 'load the config again when one of its files changes')
    .option('--takeover', 'take the place of the Sluice that runs with the same data folder, without losing a request')
    .option('-v, --verbose', 'log more')
    .option('--host <HOST>', 'where the gateway listens')
    .option('--port <PORT>', 'on which port the gateway listens')
    .option('--without <HOP>', 'leave out an optional hop; may be given several times', collect)
    .option('--no-corporate', 'the same as --without corporate')
    .action(async (options: UpOptions) => {
      const [{ loadConfig }, { runInForeground }, { inspectPolicy }] = await Promise.all([
        import('../../config/load.ts'),
        import('../foreground.ts'),
        import('../../runtime/policy-modules/policy-modules.ts'),
      ]);
      const { profile, watch = false, takeover = false } = options;
      const { env, cwd } = context;
      const files = findConfigFiles(context, options.config);
      const overrides = flagValues(options);
      const without = [...(options.without ?? []), ...(options.corporate === false ? ['corporate'] : [])];
      const common = { files, env, cwd, overrides, without, inspectPolicy };
      const load = () => loadConfig({ ...common, ...(profile === undefined ? {} : { profile }) });
      const foreground = { load, configFiles: files, watch, takeover, isReplaceable: true };
      context.setExitCode(await runInForeground(context, foreground));
    });
  addExamples(command, [
    ['sluice up', 'with sluice.yaml of this directory, or with the defaults'],
    ['sluice up --port 8081', 'the gateway on another port'],
    ['sluice up -c sluice.yaml -c local.yaml --watch', 'two files, the later wins; follow their changes'],
    ['sluice up --takeover', 'a new version, or a changed config, in the place of the one that runs'],
    ['sluice up --profile dev', 'sluice.yaml, then sluice.dev.yaml'],
    ['sluice up --without corporate', 'without a hop that the config calls optional'],
  ]);
  return command;
}

function flagValues({ verbose, host, port }: UpOptions): FlagValue[] {
  const values: FlagValue[] = [];
  if (verbose) values.push({ path: 'log.level', value: 'debug', flag: '--verbose' });
  if (host !== undefined) values.push({ path: 'gateway.listen.host', value: host, flag: '--host' });
  if (port !== undefined) values.push({ path: 'gateway.listen.port', value: port, flag: '--port' });
  return values;
}
