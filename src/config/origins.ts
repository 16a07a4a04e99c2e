// Where each value of the normalised configuration came from. Rule: a value that nobody wrote comes from the defaults; one
// that was written in a short form comes from the place of the short form.

import { formatPath, type KeyPath } from './key-path.ts';
import { findNode, type ConfigNode, type PlainValue } from './source-tree.ts';

export interface Origins {
  /** `sluice.yaml:14`, `environment variable LOG_LEVEL` or `flag --port`, by key path. What is not here has its default. */
  readonly origins: ReadonlyMap<string, string>;
  /** Key paths whose value was read from a secret file. */
  readonly secrets: ReadonlySet<string>;
}

export function originsOf(config: PlainValue, root: ConfigNode): Origins {
  const origins = new Map<string, string>();
  const secrets = new Set<string>();
  const visit = (value: PlainValue, path: KeyPath): void => {
    const children = childrenOf(value);
    const written = writtenNode(root, path);
    // A map that was written without anything in it switches something on, with its defaults.
    const node = children.length === 0 || (path.length > 0 && hasNothing(written)) ? written : undefined;
    if (node !== undefined) origins.set(formatPath(path), describeSource(node));
    if (node?.kind === 'scalar' && node.secret) secrets.add(formatPath(path));
    for (const [key, child] of children) visit(child, [...path, key]);
  };
  visit(config, []);
  return { origins, secrets };
}

/** What a list or map holds, with its keys; nothing for everything else. */
export function childrenOf(value: PlainValue): (readonly [string | number, PlainValue])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
}

/** Did a file, the environment or a flag say anything at this path? */
export function isWritten(root: ConfigNode, path: KeyPath): boolean {
  const { node, rest } = findNode(root, path);
  return rest.length === 0 && !isEmpty(node);
}

function writtenNode(root: ConfigNode, path: KeyPath): ConfigNode | undefined {
  const { node, rest } = findNode(root, path);
  if (inheritsTls(path, rest)) return writtenNode(root, ['gateway', 'tls', ...path.slice(4)]);
  const isShortForm = node.kind === 'scalar' && SHORT_FORMS.has(formatPath(rest));
  return (rest.length === 0 || isShortForm) && !isEmpty(node) ? node : undefined;
}

/** What a single value above may be the short form of: `to: http://a` is `to.backends[0].url`. */
const SHORT_FORMS: ReadonlySet<string> = new Set([
  '[0]',
  '[0].address',
  'address',
  'backends[0].url',
  'url',
  'from',
  'to',
]);

function isEmpty(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === undefined;
}

function hasNothing(node: ConfigNode | undefined): boolean {
  return node?.kind === 'map' && node.entries.size === 0;
}

/** An address of the gateway without `tls` has that of the section. */
function inheritsTls(path: KeyPath, rest: KeyPath): boolean {
  return path[0] === 'gateway' && path[1] === 'listen' && path[3] === 'tls' && rest.length >= path.length - 3;
}

function describeSource({ place: { source, from } }: ConfigNode): string {
  if (source.kind === 'flag') return `flag ${source.name}`;
  if (source.kind === 'environment') return `environment variable ${source.name}`;
  return `${source.name}:${source.text.slice(0, from).split('\n').length}`;
}
