// Runs a Sluice whose config is the command line alone. Rule: it goes the way of `sluice up`; no file of the current
// directory has a say, the environment has.

import type { FlagValue } from '../config/overrides.ts';
import type { CliContext } from './context.ts';

/** `values` is asked again at every reload. Resolves with the exit code. */
export async function runFromFlags(context: CliContext, values: () => readonly FlagValue[]): Promise<number> {
  const [{ loadConfig }, { runInForeground }] = await Promise.all([
    import('../config/load.ts'),
    import('./foreground.ts'),
  ]);
  const { env, cwd } = context;
  const load = async () => loadConfig({ files: [], env, cwd, overrides: values() });
  return runInForeground(context, { load, configFiles: ['the command line'], watch: false });
}
