// Which routes a path leads to: a trie over the octets of path patterns, walked without making a string.
// Patterns: `/exact`, `/prefix/*` (everything below), `{name}` or `*` for one whole segment, `*` or `{rest}` at the end for the rest.
// Rule: among matching patterns the one with the longer literal beginning wins, and an exact one before all.
import { canonicalLiteral } from './canonical-path.ts';

const NOTHING = new Uint8Array(0);

class Node<T> {
  /** Children by their first octet; the literal of a child is at least one octet long. */
  readonly children: (Node<T> | undefined)[] = [];
  literal: Uint8Array;
  /** A pattern that ends exactly here. */
  exact: T[] | null = null;
  /** A pattern that takes everything from here on. */
  rest: T[] | null = null;
  /** One whole segment of any content, then on. */
  segment: Node<T> | null = null;

  constructor(literal: Uint8Array) {
    this.literal = literal;
  }
}

const SLASH = 47;

export class PathTrie<T> {
  private readonly root = new Node<T>(NOTHING);
  private readonly accepts: (candidate: T) => boolean;

  /** `accepts` looks at the rest of a route's conditions (method, fields); the first accepted candidate wins. */
  constructor(accepts: (candidate: T) => boolean) {
    this.accepts = accepts;
  }

  /** Adds a route under a pattern, after those that are there already. */
  add(pattern: string, route: T): void {
    let node = this.root;
    const parts = pattern.split(/(\{[^}]*\}|\*)/).filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      const isOpen = part === '*' || part.startsWith('{');
      if (isOpen && index === parts.length - 1 && (part === '*' || part === '{rest}')) {
        (node.rest ??= []).push(route);
        return;
      }
      node = isOpen ? (node.segment ??= new Node<T>(NOTHING)) : descend(node, canonicalLiteral(part));
    }
    (node.exact ??= []).push(route);
  }

  find(bytes: Uint8Array, from: number, to: number): T | null {
    return this.walk(this.root, bytes, from, to);
  }

  private walk(node: Node<T>, bytes: Uint8Array, from: number, to: number): T | null {
    const { literal } = node;
    if (to - from < literal.length) return null;
    for (let i = 0; i < literal.length; i++) if (bytes[from + i] !== literal[i]) return null;
    const at = from + literal.length;
    let found: T | null = null;
    if (at === to && node.exact !== null) found = this.pick(node.exact);
    if (found !== null) return found;
    if (at < to) {
      const child = node.children[bytes[at]!];
      if (child !== undefined) found = this.walk(child, bytes, at, to);
      if (found === null && node.segment !== null) found = this.walkSegment(node.segment, bytes, at, to);
    }
    return found ?? (node.rest === null ? null : this.pick(node.rest));
  }

  private walkSegment(node: Node<T>, bytes: Uint8Array, from: number, to: number): T | null {
    let end = from;
    while (end < to && bytes[end] !== SLASH) end++;
    return end === from ? null : this.walk(node, bytes, end, to);
  }

  private pick(candidates: readonly T[]): T | null {
    for (let i = 0; i < candidates.length; i++) if (this.accepts(candidates[i]!)) return candidates[i]!;
    return null;
  }
}

/** The node behind `literal`, splitting nodes where literals part. */
function descend<T>(start: Node<T>, literal: Uint8Array): Node<T> {
  let node = start;
  let rest = literal;
  while (rest.length > 0) {
    const child = node.children[rest[0]!];
    if (child === undefined) {
      const leaf = new Node<T>(rest);
      node.children[rest[0]!] = leaf;
      return leaf;
    }
    let shared = 0;
    while (shared < rest.length && shared < child.literal.length && rest[shared] === child.literal[shared]) shared++;
    node = shared === child.literal.length ? child : split(node, child, shared);
    rest = rest.subarray(shared);
  }
  return node;
}

function split<T>(parent: Node<T>, child: Node<T>, at: number): Node<T> {
  const upper = new Node<T>(child.literal.subarray(0, at));
  child.literal = child.literal.subarray(at);
  upper.children[child.literal[0]!] = child;
  parent.children[upper.literal[0]!] = upper;
  return upper;
}
