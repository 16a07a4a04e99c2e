// The configuration as a person would write it: secrets masked, durations as 30s, sizes as 16KiB, rates as 100/s.
// Rule: what is shown is a configuration again, apart from the masks.

import { formatDuration } from '../core/duration.ts';
import { formatSize } from '../core/size.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import type { LoadedConfig } from './load.ts';
import { mapLeaves, maskConfig } from './mask.ts';
import { childrenOf } from './origins.ts';
import { formatRate } from './rate.ts';
import { fieldTraits } from './schema-reference.ts';
import { formatShare } from './share.ts';
import { plainMap, type PlainValue } from './source-tree.ts';

export interface PresentOptions {
  /** Defaults too, not only what somebody wrote. */
  readonly effective: boolean;
}

export function presentConfig(loaded: LoadedConfig, { effective }: PresentOptions): PlainValue {
  const shown = mapLeaves(maskConfig(loaded) as unknown as PlainValue, presentValue);
  return effective ? shown : (withoutDefaults(shown, loaded.origins) ?? {});
}

const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  duration: formatDuration,
  size: formatSize,
  rate: formatRate,
  share: formatShare,
};

function presentValue(value: PlainValue, path: KeyPath): PlainValue {
  const format = typeof value === 'number' ? FORMATS[fieldTraits(path).kind ?? ''] : undefined;
  return typeof value === 'number' && format !== undefined ? format(value) : value;
}

/** Items of lists stay where they are, so that their numbers still mean the same. */
function withoutDefaults(value: PlainValue, origins: LoadedConfig['origins'], path: KeyPath = []): PlainValue {
  const children = childrenOf(value);
  if (children.length === 0) return origins.has(formatPath(path)) ? value : undefined;
  const kept = children.map(([key, child]) => [key, withoutDefaults(child, origins, [...path, key])] as const);
  if (kept.every(([, child]) => child === undefined)) return origins.has(formatPath(path)) ? {} : undefined;
  if (Array.isArray(value)) return kept.map(([, child]) => child ?? {});
  return plainMap(kept.filter(([, child]) => child !== undefined).map(([key, child]) => [String(key), child]));
}
