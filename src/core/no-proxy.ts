// NO_PROXY: the destinations that are reached without a proxy. Rule: nothing is resolved for it. There is no standard, so
// this is ours: letters in any case; `example.com`, `.example.com` and `*.example.com` all mean the domain and every name
// below; `*` is everything; addresses and networks match addresses that stand in the request; a port may follow.

import { canonicalHost, isHostName, parsePort } from './address.ts';
import { parseIpRange, rangeContains, type IpAddress, type IpRange } from './ip.ts';

export interface NoProxyEntry {
  /** A domain with all names below; null = every host, or those of the range. */
  readonly domain: string | null;
  readonly range: IpRange | null;
  /** null = every port. */
  readonly port: number | null;
}

/** The entries of the variable: commas or blanks stand between them. */
export function splitNoProxy(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}

export function parseNoProxyEntry(text: string): NoProxyEntry | undefined {
  const range = parseIpRange(text);
  if (range !== undefined) return { domain: null, range, port: null };
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? '';
  const port = match?.[2] === undefined ? null : parsePort(match[2]);
  if (port === -1 || host === '') return undefined;
  if (host === '*') return { domain: null, range: null, port };
  const address = host.startsWith('[') ? parseIpRange(host.slice(1, -1)) : parseIpRange(host);
  if (address !== undefined) return host.includes('/') ? undefined : { domain: null, range: address, port };
  const domain = host.replace(/^\*?\./, '');
  return isHostName(domain) ? { domain: canonicalHost(domain), range: null, port } : undefined;
}

export interface NoProxyHost {
  /** As `canonicalHost` spells it. */
  readonly host: string;
  /** null = it is a name. */
  readonly ip: IpAddress | null;
}

/** Entries put in order for many questions: one look per part of the name. */
export class NoProxyList {
  /** The ports of each domain; null = every port. */
  readonly #domains = new Map<string, Set<number> | null>();
  readonly #others: readonly NoProxyEntry[];

  constructor(entries: readonly NoProxyEntry[]) {
    this.#others = entries.filter(({ domain }) => domain === null);
    for (const { domain, port } of entries) {
      if (domain === null) continue;
      const ports = this.#domains.get(domain);
      if (port === null || ports === null) this.#domains.set(domain, null);
      else if (ports === undefined) this.#domains.set(domain, new Set([port]));
      else ports.add(port);
    }
  }

  matches({ host, ip }: NoProxyHost, port: number): boolean {
    for (const entry of this.#others) if (fits(entry, ip, port)) return true;
    return ip === null && this.#domains.size > 0 && this.#matchesName(host, port);
  }

  #matchesName(host: string, port: number): boolean {
    for (let from = 0; ;) {
      const ports = this.#domains.get(host.slice(from));
      if (ports === null || ports?.has(port) === true) return true;
      const dot = host.indexOf('.', from);
      if (dot === -1) return false;
      from = dot + 1;
    }
  }
}

function fits({ range, port: wanted }: NoProxyEntry, address: IpAddress | null, port: number): boolean {
  if (wanted !== null && wanted !== port) return false;
  return range === null || (address !== null && rangeContains(range, address));
}
