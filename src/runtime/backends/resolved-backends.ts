// The members that the backends of a route come to, with all addresses of those that are named. Rule: a name is resolved again and
// again beside the traffic; what was known of it stays until there is a better answer, and a member that stays is the same one.
import { networkInterfaces } from 'node:os';
import type { BackendsTarget } from '../../config/schema/targets.ts';
import { isLoopback, parseIp } from '../../core/ip.ts';
import type { SluiceError } from '../../core/errors.ts';
import type { MemberSpec } from '../../services/balance/member.ts';
import { isLocalName, type Resolve, type ResolvedAddress } from '../../transport/resolver.ts';
import { NameWatch } from '../../services/names/name-watch.ts';
import type { BackendNames, BackendOrigin } from '../registry.ts';

export type BackendSpec = MemberSpec<BackendOrigin>;

export interface ResolvedBackendsOptions {
  /** As the configuration has them. */
  readonly specs: readonly BackendSpec[];
  readonly to: Pick<BackendsTarget, 'resolve' | 'via'>;
  readonly resolve: Resolve;
}

/** More addresses of one name are left out. */
const MAX_ADDRESSES = 256;

export class ResolvedBackends implements BackendNames {
  readonly #resolve: Resolve;
  #specs: readonly BackendSpec[] = [];
  #watches: ReadonlyMap<string, NameWatch> = new Map();
  /** By their ids: a member whose address stays keeps its connections. */
  #made: ReadonlyMap<string, BackendSpec> = new Map();
  readonly #listeners = new Set<() => void>();

  constructor({ specs, to, resolve }: ResolvedBackendsOptions) {
    this.#resolve = resolve;
    this.configure(specs, to);
  }

  /** Takes other backends; what is known of names that stay is kept. */
  configure(specs: readonly BackendSpec[], { resolve: everyMs, via }: ResolvedBackendsOptions['to']): void {
    const before = this.#watches;
    const now = new Map<string, NameWatch>();
    for (const { data } of specs) {
      if (everyMs === false || via.length > 0 || !standsForAddresses(data) || now.has(data.host)) continue;
      const { host } = data;
      const known = before.get(host);
      const isSame = known?.everyMs === everyMs;
      now.set(
        host,
        isSame ? known : new NameWatch({ host, everyMs, resolve: this.#resolve, onNews: () => this.#tell() }),
      );
    }
    this.#specs = specs;
    this.#watches = now;
    for (const [host, watch] of before) if (now.get(host) !== watch) watch.stop();
    this.#made = new Map();
    for (const [host, watch] of now) if (before.get(host) !== watch) watch.start();
  }

  /** As far as they are known; those of names anew after each piece of news. */
  members(): BackendSpec[] {
    const made = this.#specs.flatMap((spec) => this.#membersOf(spec));
    this.#made = new Map(made.map((spec) => [spec.id, spec]));
    return made;
  }

  get isPending(): boolean {
    return [...this.#watches.values()].some(({ isPending }) => isPending);
  }

  get failure(): SluiceError | null {
    for (const { failure } of this.#watches.values()) if (failure !== null) return failure;
    return null;
  }

  askAgain(): void {
    for (const watch of this.#watches.values()) if (watch.failure !== null) watch.askAgain();
  }

  watch(onNews: () => void): void {
    this.#listeners.add(onNews);
  }

  dispose(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches = new Map();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const onNews of this.#listeners) onNews();
  }

  #membersOf(spec: BackendSpec): BackendSpec[] {
    const watch = this.#watches.get(spec.data.host);
    if (watch === undefined || !standsForAddresses(spec.data)) return [spec];
    const addresses = reachable(watch.addresses).map(({ address }) => address);
    return addresses.slice(0, MAX_ADDRESSES).map((address) => {
      const id = `${spec.id} (${address})`;
      return this.#made.get(id) ?? { ...spec, id, data: { ...spec.data, name: id, address } };
    });
  }
}

/** Whether these backends have names whose addresses are members. */
export function areNamed(specs: readonly BackendSpec[], { resolve, via }: ResolvedBackendsOptions['to']): boolean {
  return resolve !== false && via.length === 0 && specs.some(({ data }) => standsForAddresses(data));
}

/** An address stands for itself, and so does this machine: its services seldom listen on both of its addresses. */
export function standsForAddresses({ host, path }: Pick<BackendOrigin, 'host' | 'path'>): boolean {
  return path === null && parseIp(host) === undefined && !isLocalName(host);
}

/** In an order of their own, so that all threads come to the same; without a family that this machine cannot speak. */
function reachable(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  const isBoth = new Set(addresses.map(({ family }) => family)).size > 1;
  const usable = isBoth && !speaksIpv6() ? addresses.filter((each) => each.family === 4 || isLocal(each)) : addresses;
  return usable.toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

function isLocal({ address }: ResolvedAddress): boolean {
  const ip = parseIp(address);
  return ip !== undefined && isLoopback(ip);
}

function speaksIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.some(({ family, internal, address }) => family === 'IPv6' && !internal && !address.startsWith('fe80:'));
}
