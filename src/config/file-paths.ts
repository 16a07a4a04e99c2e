// Makes the paths of the configuration absolute. Rule: a path in a file starts from the folder of that file, so that it
// means the same wherever Sluice is started; one from the environment, a flag or the defaults starts from the working
// directory, and "~" is the home folder.

import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import type { KeyPath } from './key-path.ts';
import { childrenOf } from './origins.ts';
import { findNode, type ConfigNode, type PlainValue } from './source-tree.ts';

/**
 * `*` is any key or item. A test holds this list against the schema. gateway.tls stands before gateway.listen, whose
 * addresses share its value, and the tls of a hop before that of its proxies: what is absolute already does not change again.
 */
export const FILE_PATHS: readonly string[] = [
  'process.data_dir',
  'process.node.tls.certificates.*.cert',
  'process.node.tls.certificates.*.key',
  'process.node.tls.client_ca',
  'log.file',
  'traces.ca',
  'gateway.tls.certificates.*.cert',
  'gateway.tls.certificates.*.key',
  'gateway.tls.client_ca',
  'gateway.listen.*.tls.certificates.*.cert',
  'gateway.listen.*.tls.certificates.*.key',
  'gateway.listen.*.tls.client_ca',
  'gateway.routes.*.to.tls.ca',
  'gateway.routes.*.to.tls.cert',
  'gateway.routes.*.to.tls.key',
  'egress.tls.certificates.*.cert',
  'egress.tls.certificates.*.key',
  'egress.tls.client_ca',
  'hops.*.tls.ca',
  'hops.*.tls.cert',
  'hops.*.tls.key',
  'hops.*.proxies.*.tls.ca',
  'hops.*.proxies.*.tls.cert',
  'hops.*.proxies.*.tls.key',
  'policies.filter.files.*',
  'policies.mirror.to.tls.ca',
  'policies.mirror.to.tls.cert',
  'policies.mirror.to.tls.key',
  'egress.policies.filter.files.*',
  'egress.policies.mirror.to.tls.ca',
  'egress.policies.mirror.to.tls.cert',
  'egress.policies.mirror.to.tls.key',
  'gateway.policies.filter.files.*',
  'gateway.policies.mirror.to.tls.ca',
  'gateway.policies.mirror.to.tls.cert',
  'gateway.policies.mirror.to.tls.key',
  'gateway.listen.*.policies.filter.files.*',
  'gateway.listen.*.policies.mirror.to.tls.ca',
  'gateway.listen.*.policies.mirror.to.tls.cert',
  'gateway.listen.*.policies.mirror.to.tls.key',
  'gateway.routes.*.policies.filter.files.*',
  'gateway.routes.*.policies.mirror.to.tls.ca',
  'gateway.routes.*.policies.mirror.to.tls.cert',
  'gateway.routes.*.policies.mirror.to.tls.key',
  'cache.disk.path',
  'exec.workspace',
  'agents.workspace',
  'ai.providers.*.credentials.*.store',
  'tunnels.server.tls.certificates.*.cert',
  'tunnels.server.tls.certificates.*.key',
  'tunnels.server.tls.client_ca',
];

export interface PathBase {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function homeFolder(env: PathBase['env']): string {
  return env['HOME'] ?? env['USERPROFILE'] ?? homedir();
}

export function absolutePath(path: string, folder: string, env: PathBase['env']): string {
  if (path === '~') return homeFolder(env);
  return /^~[\\/]/.test(path) ? resolve(homeFolder(env), path.slice(2)) : resolve(folder, path);
}

/** Changes the configuration in place: it has just been made, and nobody else has it yet. */
export function makePathsAbsolute(config: Config, root: ConfigNode, base: PathBase): void {
  for (const pattern of FILE_PATHS) {
    for (const { holder, key, path } of matches(config as unknown as PlainValue, pattern.split('.'))) {
      const value = holder[key];
      if (typeof value !== 'string') continue;
      const { node, rest } = findNode(root, path);
      const written = rest.length === 0 || node.kind === 'scalar';
      const folder = written ? node.place.source.folder : base.cwd;
      holder[key] = absolutePath(value, folder, base.env);
    }
  }
}

interface Match {
  readonly holder: Record<string | number, PlainValue>;
  readonly key: string | number;
  readonly path: KeyPath;
}

function matches(value: PlainValue, pattern: readonly string[], path: KeyPath = []): Match[] {
  const [wanted, ...rest] = pattern;
  const children = childrenOf(value).filter(([key]) => wanted === '*' || key === wanted);
  return children.flatMap(([key, child]) => {
    const childPath = [...path, key];
    if (rest.length > 0) return matches(child, rest, childPath);
    return [{ holder: value as Record<string | number, PlainValue>, key, path: childPath }];
  });
}
