// Which hosts may be reached, by lists of domains. Rule: a plain name stands for itself alone, `*.name` for every name below it, an
// address for itself however it is written; a host that is neither a name nor an address is on no list, and is not let through.
import { Buffer } from 'node:buffer';
import { type Destination, DestinationMemory } from '../rules/destination.ts';
import { COVERS, type DomainSet, DomainSetBuilder, markOf } from './domain-set.ts';

export interface DomainSource {
  /** As a person knows it: a file, or a key of the configuration. */
  readonly name: string;
  /** Of the first entry, as a person counts. */
  readonly from: 'line' | 'position';
  readonly set: DomainSet;
}

export interface DomainFilterOptions {
  /** `blocklist`: what is listed is not let through; `allowlist`: nothing else is. */
  readonly mode: 'blocklist' | 'allowlist';
  readonly sources: readonly DomainSource[];
}

/** What is longer is no name, and not worth looking for under each of its parts. */
const LONGEST_NAME = 253;
const DOT = 46;
const HYPHEN = 45;
const UNDERSCORE = 95;

export class DomainFilter {
  readonly #isAllowlist: boolean;
  readonly #sources: readonly DomainSource[];
  readonly #sets: readonly DomainSet[];
  readonly #hosts = new DestinationMemory();

  constructor({ mode, sources }: DomainFilterOptions) {
    this.#isAllowlist = mode === 'allowlist';
    this.#sources = sources;
    this.#sets = sources.map(({ set }) => set);
  }

  /** The host of a request, in any spelling; an empty one names nothing, and so nothing that is listed. */
  lets(host: string): boolean {
    if (host.length <= LONGEST_NAME && isPlainName(host)) return this.#has(host, false) === this.#isAllowlist;
    if (host === '') return !this.#isAllowlist;
    const destination = this.#hosts.read(host);
    return destination !== null && this.#has(destination.host, destination.ip !== null) === this.#isAllowlist;
  }

  /** What `lets` goes by, for a person. */
  why(host: string): string {
    const destination = this.#hosts.read(host);
    if (destination === null) return host === '' ? 'no host is named' : `${host} is neither a name nor an address`;
    for (const { name, from, set } of this.#sources) {
      const found = find(set, destination);
      if (found < 0) continue;
      const { text, line } = set.entryAt(found);
      const place = from === 'line' ? `${name}:${line}` : `${name}[${line - 1}]`;
      return `${destination.host} is covered by ${text} of the ${this.#list} (${place})`;
    }
    return `${destination.host} is not on the ${this.#list}`;
  }

  get #list(): string {
    return this.#isAllowlist ? 'allowlist' : 'blocklist';
  }

  #has(host: string, isAddress: boolean): boolean {
    for (const set of this.#sets) if ((isAddress ? set.findExactly(host) : set.find(host)) >= 0) return true;
    return false;
  }
}

/** `domains` as the configuration has them. */
export function domainSetOfPatterns(patterns: readonly string[]): DomainSet {
  const entries = patterns.map((pattern) => ({
    name: Buffer.from(pattern.replace(/^\*\.?/, ''), 'latin1'),
    covers: pattern.startsWith('*') ? COVERS.BELOW : COVERS.NAME,
  }));
  const nameBytes = entries.reduce((sum, { name }) => sum + name.length, 0);
  const builder = new DomainSetBuilder({ entries: patterns.length, nameBytes });
  for (const [index, { name, covers }] of entries.entries()) {
    builder.add(name, 0, name.length, markOf(covers, index + 1));
  }
  return builder.build();
}

function find(set: DomainSet, { host, ip }: Destination): number {
  return ip === null ? set.find(host) : set.findExactly(host);
}

/** Nothing about it takes a closer look: it is in lower case, and ends with a letter, so that it is no address in disguise. */
function isPlainName(host: string): boolean {
  let last = 0;
  for (let at = 0; at < host.length; at += 1) {
    const code = host.charCodeAt(at);
    if (code === DOT) last = at + 1;
    else if (!isLetter(code) && !isDigit(code) && code !== HYPHEN && code !== UNDERSCORE) return false;
  }
  return last < host.length && isLetter(host.charCodeAt(last));
}

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
