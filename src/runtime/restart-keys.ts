// Which keys of the config differ between two configs, and which of them take effect only at the next start. Rule: a key
// is named by its path, never by its value, which may be a secret.

import type { Config } from '../config/config.ts';

/** These are read once, when the process starts. */
const READ_AT_START = new Set([
  'process.workers',
  'process.state',
  'process.node',
  'process.data_dir',
  'log.file',
  'log.format',
  'admin.listen',
  'metrics.listen',
]);

/** Keys as `section.key`; a section that is a list, or is keyed by names of the user, is named as a whole. */
export function changedKeys(before: Config, after: Config): string[] {
  const was = new Map(flatten(before));
  const is = new Map(flatten(after));
  return [...new Set([...was.keys(), ...is.keys()])].filter((key) => was.get(key) !== is.get(key));
}

/** The keys whose new value waits for a restart. */
export function keysThatNeedRestart(started: Config, current: Config): string[] {
  return changedKeys(started, current).filter((key) => READ_AT_START.has(key));
}

function flatten(config: Config): [key: string, value: string][] {
  return Object.entries(config).flatMap(([section, content]: [string, unknown]) => {
    if (Array.isArray(content) || content === null || typeof content !== 'object')
      return [[section, JSON.stringify(content)]];
    return Object.entries(content).map(([key, value]): [string, string] => [
      `${section}.${key}`,
      JSON.stringify(value),
    ]);
  });
}
