// Asks what a name resolves to: the resolver of the system, or DNS servers that the operator names. Rule: `done` is called once,
// also for a name that cannot even be asked for; only DNS servers tell for how long an answer counts.
import dns from 'node:dns';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** `ttlMs`: for how long the answer counts; null or missing: nobody says. */
export type ResolveCallback = (
  error: Error | null,
  addresses: readonly ResolvedAddress[],
  ttlMs?: number | null,
) => void;

export type Resolve = (host: string, done: ResolveCallback) => void;

const NO_ADDRESSES: readonly ResolvedAddress[] = [];
const TIMEOUT_MS = 2000;
const TRIES = 2;
/** A time to live of 0 means once, not always. */
const SHORTEST_TTL_S = 1;
const NO_DATA: ReadonlySet<string | undefined> = new Set(['ENODATA', 'ENOTFOUND']);

/** Without servers the system is asked. */
export function resolverOf(servers: readonly string[]): Resolve {
  return servers.length === 0 ? systemResolve : resolveBy(servers);
}

/** The texts of a name, each put together; a name without any is no failure. Without servers those of the system are asked. */
export function textResolverOf(servers: readonly string[]): (name: string) => Promise<readonly string[]> {
  const resolver = new dns.promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers([...servers]);
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      if (NO_DATA.has(codeOf(asError(error)))) return [];
      throw error;
    }
  };
}

/** Asks the system's resolver, which knows /etc/hosts and the search list, for both families in the order it prefers. */
export function systemResolve(host: string, done: ResolveCallback): void {
  try {
    dns.lookup(host, { all: true, order: 'verbatim' }, (error, found) => {
      if (error === null) done(null, found.map(resolvedAddress));
      else done(error, NO_ADDRESSES);
    });
  } catch (error) {
    // A name that cannot even be asked for, such as one with a NUL in it.
    done(asError(error), NO_ADDRESSES);
  }
}

/** This machine by its name is nothing that DNS is asked about (RFC 6761, 6.3). */
export function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(host);
}

function resolvedAddress({ address, family }: dns.LookupAddress): ResolvedAddress {
  return { address, family: family === 6 ? 6 : 4 };
}

function resolveBy(servers: readonly string[]): Resolve {
  const resolver = new dns.promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  resolver.setServers([...servers]);
  return (host, done) => {
    if (isLocalName(host)) systemResolve(host, done);
    else void askBoth(resolver, host).then(({ error, addresses, ttlMs }) => done(error, addresses, ttlMs));
  };
}

interface Found {
  readonly error: Error | null;
  readonly addresses: readonly ResolvedAddress[];
  readonly ttlMs: number | null;
}

/** One family may have no records; a server that fails for one of them has failed, or half of the addresses would seem to be gone. */
async function askBoth(resolver: dns.promises.Resolver, host: string): Promise<Found> {
  const [v4, v6] = await Promise.all([
    records(() => resolver.resolve4(host, { ttl: true })),
    records(() => resolver.resolve6(host, { ttl: true })),
  ]);
  const failure = [v4, v6].find((each) => each instanceof Error && !NO_DATA.has(codeOf(each)));
  const found = [...addressesIn(v4, 4), ...addressesIn(v6, 6)];
  const missing = v4 instanceof Error ? v4 : null;
  if (found.length === 0 || failure instanceof Error) {
    const error = failure instanceof Error ? failure : (missing ?? new Error(`${host} has no address`));
    return { error, addresses: NO_ADDRESSES, ttlMs: null };
  }
  const ttls = [v4, v6].flatMap((each) => (each instanceof Error ? [] : each.map(({ ttl }) => ttl)));
  return { error: null, addresses: found, ttlMs: Math.max(SHORTEST_TTL_S, Math.min(...ttls)) * 1000 };
}

async function records(ask: () => Promise<dns.RecordWithTtl[]>): Promise<dns.RecordWithTtl[] | Error> {
  try {
    return await ask();
  } catch (error) {
    return asError(error);
  }
}

function addressesIn(found: readonly dns.RecordWithTtl[] | Error, family: 4 | 6): ResolvedAddress[] {
  return found instanceof Error ? [] : found.map(({ address }) => ({ address, family }));
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
