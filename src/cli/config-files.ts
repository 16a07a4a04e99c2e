// Which config files a command reads when the command line names none. Rule: only SLUICE_CONFIG and one file of the
// current directory count; nothing is looked for anywhere else.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

const DEFAULT_NAMES = ['sluice.yaml', 'sluice.yml', 'sluice.toml', 'sluice.json'];

/** Adds -c, which may be given several times. */
export function addConfigOption(command: Command, about: string): Command {
  const collect = (file: string, files: readonly string[] = []): readonly string[] => [...files, file];
  return command.option('-c, --config <FILE>', about, collect);
}

/** The files of -c, else those of SLUICE_CONFIG, else the first of the usual names that is there, else none. */
export function findConfigFiles(
  { env, cwd }: Pick<CliContext, 'env' | 'cwd'>,
  named: readonly string[] = [],
): string[] {
  if (named.length > 0) return [...named];
  const fromEnvironment = (env['SLUICE_CONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (fromEnvironment.length > 0) return fromEnvironment;
  return DEFAULT_NAMES.filter((name) => existsSync(join(cwd, name))).slice(0, 1);
}
