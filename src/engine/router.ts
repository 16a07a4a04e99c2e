// From a request's head to its route. Rule: exact host before wildcard before any host, longer path before shorter, more
// conditions before fewer, then the order of the configuration; a hit allocates nothing.
import type { Head } from '../codec/http1/head.ts';
import { canonicalPath, isCanonicalPath } from './canonical-path.ts';
import { HostTable } from './host-table.ts';
import { PathTrie } from './path-trie.ts';

/** The conditions of a route; what is absent matches everything. */
export interface RouteMatch {
  readonly hosts: readonly string[];
  readonly path: string;
  readonly methods: readonly string[];
  /** Lower-case names; the value `*` is any. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly query: readonly (readonly [name: string, value: string])[];
}

export interface Routable {
  readonly match: RouteMatch;
}

const SLASH = 47;
const QUESTION_MARK = 63;
const ROOT = Buffer.from('/', 'latin1');
const ANY = '*';

export class Router<R extends Routable> {
  private readonly hosts = new HostTable<PathTrie<R>>();
  private readonly anyHost: PathTrie<R>;
  private head: Head | null = null;
  private path: Buffer = ROOT;
  private pathFrom = 0;
  private pathTo = 0;
  private readonly accepts = (route: R): boolean => matchesRest(route.match, this.head!);
  private readonly findIn = (trie: PathTrie<R>): R | null => trie.find(this.path, this.pathFrom, this.pathTo);

  constructor(routes: readonly R[]) {
    this.anyHost = new PathTrie<R>(this.accepts);
    const ordered = [...routes].sort((a, b) => conditions(b.match) - conditions(a.match));
    for (const route of ordered) {
      if (route.match.hosts.length === 0) this.anyHost.add(route.match.path, route);
      for (const host of route.match.hosts) {
        const trie = this.hosts.ensure(host, () => new PathTrie<R>(this.accepts));
        trie.add(route.match.path, route);
      }
    }
  }

  /** `hostFrom` and `hostTo` are where the host name lies in the head, without its port. */
  find(head: Head, hostFrom: number, hostTo: number): R | null {
    this.head = head;
    this.locatePath(head);
    const from = head.start + hostFrom;
    const to = head.start + hostTo;
    const trie = this.hosts.findExact(head.bytes, from, to);
    return (
      (trie === null ? null : this.findIn(trie)) ??
      this.hosts.findWildcard(head.bytes, from, to, this.findIn) ??
      this.findIn(this.anyHost)
    );
  }

  private locatePath(head: Head): void {
    const from = head.start + head.pathFrom;
    const end = head.start + head.targetTo;
    if (from === end || head.bytes[from] !== SLASH) {
      // `*`, and an absolute target without a path, speak of the server as a whole.
      this.path = ROOT;
      this.pathFrom = 0;
      this.pathTo = ROOT.length;
      return;
    }
    let to = from;
    while (to < end && head.bytes[to] !== QUESTION_MARK) to++;
    this.path = head.bytes;
    this.pathFrom = from;
    this.pathTo = to;
    if (isCanonicalPath(head.bytes, from, to)) return;
    this.path = canonicalPath(head.bytes, from, to);
    this.pathFrom = 0;
    this.pathTo = this.path.length;
  }
}

function conditions(match: RouteMatch): number {
  return (match.methods.length > 0 ? 1 : 0) + match.fields.length + match.query.length;
}

function matchesRest({ methods, fields, query }: RouteMatch, head: Head): boolean {
  if (methods.length > 0 && !matchesMethod(methods, head)) return false;
  for (let i = 0; i < fields.length; i++) if (!matchesField(fields[i]![0], fields[i]![1], head)) return false;
  return query.length === 0 || matchesQuery(query, head.target());
}

function matchesMethod(methods: RouteMatch['methods'], head: Head): boolean {
  for (let i = 0; i < methods.length; i++) if (head.equals(0, head.methodTo, methods[i]!)) return true;
  return false;
}

function matchesField(name: string, value: string, head: Head): boolean {
  for (let index = head.findName(name); index >= 0; index = head.findName(name, index + 1)) {
    if (value === ANY || head.equals(head.fields[index * 4 + 2]!, head.fields[index * 4 + 3]!, value)) return true;
  }
  return false;
}

function matchesQuery(wanted: RouteMatch['query'], target: string): boolean {
  const mark = target.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  return wanted.every(([name, value]) => (value === ANY ? query.has(name) : query.getAll(name).includes(value)));
}
