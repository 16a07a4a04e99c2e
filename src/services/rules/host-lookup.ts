// Positions of rules by the hosts they are for. Rule: however many rules there are, a host is looked up once as it is and
// once per part of its name; only networks are gone through one by one.
import { parseIpRange, rangeContains, type IpRange } from '../../core/ip.ts';
import type { Destination } from './destination.ts';

/** Does the rule at this position take the request, its host apart? */
export type Accepts<T> = (position: number, request: T) => boolean;

const NONE: readonly number[] = [];

export class HostLookup {
  readonly #exact = new Map<string, number[]>();
  /** By what stands behind `*.`. */
  readonly #below = new Map<string, number[]>();
  readonly #ranges: { readonly range: IpRange; readonly position: number }[] = [];
  readonly #everything: number[] = [];

  /** Positions are added in ascending order. No hosts: every host. */
  add(position: number, hosts: readonly string[]): void {
    if (hosts.length === 0) this.#everything.push(position);
    for (const host of hosts) {
      const range = host.includes('/') ? parseIpRange(host) : undefined;
      if (host === '*') this.#everything.push(position);
      else if (range !== undefined) this.#ranges.push({ range, position });
      else if (host.startsWith('*.')) append(this.#below, host.slice(2), position);
      else append(this.#exact, host, position);
    }
  }

  /** The lowest position that is for this host and that `accepts` takes; -1 = none. */
  find<T>({ host, ip }: Destination, accepts: Accepts<T>, request: T): number {
    let found = first(this.#everything, accepts, request);
    found = lower(found, first(this.#exact.get(host) ?? NONE, accepts, request));
    if (ip !== null) return lower(found, this.#findRange(ip, accepts, request));
    for (let dot = host.indexOf('.'); dot !== -1 && this.#below.size > 0; dot = host.indexOf('.', dot + 1)) {
      found = lower(found, first(this.#below.get(host.slice(dot + 1)) ?? NONE, accepts, request));
    }
    return found;
  }

  #findRange<T>(ip: NonNullable<Destination['ip']>, accepts: Accepts<T>, request: T): number {
    for (const { range, position } of this.#ranges) {
      if (rangeContains(range, ip) && accepts(position, request)) return position;
    }
    return -1;
  }
}

function append(map: Map<string, number[]>, key: string, position: number): void {
  const positions = map.get(key);
  if (positions === undefined) map.set(key, [position]);
  else positions.push(position);
}

function first<T>(positions: readonly number[], accepts: Accepts<T>, request: T): number {
  for (const position of positions) if (accepts(position, request)) return position;
  return -1;
}

function lower(left: number, right: number): number {
  return left === -1 || (right !== -1 && right < left) ? right : left;
}
