// Where a part of the configuration stands. Rule: a list or map stands where the first thing in it stands.
import type { LoadedConfig } from '../../config/load.ts';

/** `sluice.yaml:14`; null: nobody wrote it. */
export function placeOf(path: string, origins: LoadedConfig['origins']): string | null {
  for (const [key, place] of origins) {
    if (key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}[`)) return place;
  }
  return null;
}
