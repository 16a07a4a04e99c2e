// Modules of policies by their absolute paths. Rule: as every path, that of a module starts from the folder of the file that names
// it, so two files may mean one module by two names, or two by one; keys are made absolute before files are put together.
import { absolutePath, type PathBase } from './file-paths.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import type { Fault } from './problem-report.ts';
import { isPolicyFile } from './schema/user-policies.ts';
import { type MapEntry, type MapNode, mapMaps } from './source-tree.ts';

export interface NamedPolicyFiles {
  readonly root: MapNode;
  readonly faults: readonly Fault[];
}

const HOLDS_POLICIES = /^(?:(?:egress|gateway)\.)?policies$|^gateway\.(?:listen|routes)(?:\[\d+\])?\.policies$/;

export function namePolicyFiles(root: MapNode, { env }: Pick<PathBase, 'env'>): NamedPolicyFiles {
  const faults: Fault[] = [];
  const change = (map: MapNode, path: KeyPath): MapNode => {
    if (!HOLDS_POLICIES.test(formatPath(path))) return map;
    const entries = new Map<string, MapEntry>();
    for (const [key, entry] of map.entries) {
      const { source } = entry.keyPlace;
      const name = isPolicyFile(key) ? absolutePath(key, source.folder, env) : key;
      if (entries.has(name)) faults.push(sameFile(name, entry, path));
      entries.set(name, entry);
    }
    return { ...map, entries };
  };
  return { root: mapMaps(root, change) as MapNode, faults };
}

function sameFile(file: string, { keyPlace: place }: MapEntry, parent: KeyPath): Fault {
  const path = formatPath([...parent, file]);
  return { code: 'config_duplicate_key', message: `another key here is the same file, ${file}`, path, place };
}
