// A single server that is known by a name, of which nothing else is asked. Rule: where its name leads is looked up beside the
// requests, never before one; when it has come to lead elsewhere, new requests open connections of their own.
import type { ForwardTarget, Origin } from '../../contract/target.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { wheel } from '../../transport/timers.ts';

export interface FollowedBackendOptions {
  readonly origin: Origin;
  readonly dns: DnsCache;
  /** Monotonic milliseconds; may be a little late. */
  readonly now?: () => number;
}

/** How long what the cache has said is not asked for again; it knows itself how long its answers count. */
const LOOKS_EVERY_MS = 1000;

export class FollowedBackend implements ForwardTarget {
  readonly kind = 'forward';
  private readonly dns: DnsCache;
  private readonly now: () => number;
  private origin: Origin;
  /** The addresses that the connections of the origin can lead to; null: not known yet. */
  private places: ReadonlySet<string> | null = null;
  private looksAtMs = 0;

  constructor({ origin, dns, now = () => wheel.now() }: FollowedBackendOptions) {
    this.origin = origin;
    this.dns = dns;
    this.now = now;
  }

  select(): Origin {
    if (this.now() >= this.looksAtMs) this.look();
    return this.origin;
  }

  private look(): void {
    this.looksAtMs = this.now() + LOOKS_EVERY_MS;
    this.dns.lookup(this.origin.host, (error, addresses) => {
      if (error !== null) return;
      const { places } = this;
      this.places = new Set(addresses.map(({ address }) => address));
      // Where a connection may lead that leads nowhere any more, all are made anew; the old ones end with what they carry.
      if (places !== null && !places.isSubsetOf(this.places)) this.origin = { ...this.origin };
    });
  }
}
