// A shown configuration as YAML, with the origin of each value as a comment on request.

import { Document, isCollection, isMap, isNode, isScalar, isSeq, type Node } from 'yaml';
import { formatPath, type KeyPath } from './key-path.ts';
import type { Origins } from './origins.ts';
import type { PlainValue } from './source-tree.ts';

/** With `origins`, a value without an origin is commented as a default. */
export function presentYaml(config: PlainValue, origins: Origins['origins'] | undefined): string {
  const document = new Document(config);
  if (origins !== undefined && isNode(document.contents)) comment(document.contents, [], origins);
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  // The writer puts an empty list or map that has a comment on a line of its own.
  return text.replaceAll(/([:-])\n\s+(\[\]|\{\})\n\s+(# .*)/g, '$1 $2 $3');
}

function comment(node: Node, path: KeyPath, origins: Origins['origins']): void {
  if (isScalar(node) || (isCollection(node) && node.items.length === 0)) {
    node.comment = ` ${origins.get(formatPath(path)) ?? 'default'}`;
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (isScalar(key) && isNode(value)) comment(value, [...path, String(key.value)], origins);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) if (isNode(item)) comment(item, [...path, index], origins);
  }
}
