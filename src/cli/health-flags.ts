// The flags by which `sluice http` and `sluice tcp` look after the local server. Rule: any of them turns the checks on, and what is not said
// is as in a config without it.

import type { Command } from 'commander';
import type { LocalHealthConfig } from '../config/schema/tunnel-client.ts';
import { SluiceError } from '../core/errors.ts';

/** As commander gives them. */
export interface HealthFlags {
  readonly healthPath?: string;
  readonly healthInterval?: string;
}

export function addHealthPath(command: Command): Command {
  return command.option(
    '--health-path <PATH>',
    'ask the local server for this regularly, and nothing else while it fails',
  );
}

export function addHealthInterval(command: Command): Command {
  return command.option('--health-interval <TIME>', 'how often it is looked at, such as 30s (10s)');
}

/** null: nobody asks how it does. */
export async function healthOf({ healthPath, healthInterval }: HealthFlags): Promise<LocalHealthConfig | null> {
  if (healthPath === undefined && healthInterval === undefined) return null;
  // Only who wants checks waits for what judges them.
  const { localHealth } = await import('../config/schema/tunnel-client.ts');
  const judged = localHealth.safeParse({
    ...(healthPath !== undefined && { path: healthPath }),
    ...(healthInterval !== undefined && { interval: healthInterval }),
  });
  if (judged.success) return judged.data;
  const said = judged.error.issues.map(({ path, message }) => `--health-${path.join('.')}: ${message}`);
  throw new SluiceError('usage', { message: said.join('; ') });
}
