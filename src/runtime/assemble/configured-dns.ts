// Whom the configuration has asked what names resolve to. Rule: what is remembered outlives a reload that says nothing new about it.
import type { Config } from '../../config/config.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { type Resolve, resolverOf } from '../../transport/resolver.ts';

export interface Dns {
  /** Asks, whatever is remembered. */
  readonly resolve: Resolve;
  readonly cache: DnsCache;
}

export class ConfiguredDns {
  #servers = '';
  #dns: Dns | null = null;

  of({ dns: { servers } }: Pick<Config, 'dns'>): Dns {
    const key = servers.join(' ');
    if (this.#dns === null || key !== this.#servers) {
      const resolve = resolverOf(servers);
      this.#dns = { resolve, cache: new DnsCache({ resolve }) };
      this.#servers = key;
    }
    return this.#dns;
  }
}
