// Where TLS goes that is not ended here, by the name that is asked for. Rule: an exact name comes before a wildcard, a longer wildcard
// before a shorter one.
import { AddressRanges } from '../identity/address-ranges.ts';

export type PassPlace =
  | { readonly kind: 'address'; readonly host: string; readonly port: number; readonly path: string | null }
  | { readonly kind: 'tunnel'; readonly name: string };

export interface PassSpec {
  readonly hosts: readonly string[];
  /** `below`: the tunnel that the part of the name below the wildcard says. */
  readonly to: PassPlace | 'below';
  readonly proxyProtocol: 'none' | 'v1' | 'v2';
  readonly allow: readonly string[];
}

export interface PassRoute {
  readonly to: PassPlace;
  readonly proxyProtocol: 'none' | 'v1' | 'v2';
  /** null: everybody may come. */
  readonly allow: AddressRanges | null;
}

type Known = Omit<PassRoute, 'to'> & { readonly to: PassPlace | 'below' };

export class PassRoutes {
  readonly isEmpty: boolean;
  readonly #exact = new Map<string, Known>();
  /** By what stands behind the `*.`. */
  readonly #below = new Map<string, Known>();
  #all: Known | null = null;

  /** The first one that names a host has it. */
  constructor(specs: readonly PassSpec[]) {
    this.isEmpty = specs.length === 0;
    for (const { hosts, to, proxyProtocol, allow } of specs) {
      const known = { to, proxyProtocol, allow: allow.length === 0 ? null : new AddressRanges(allow) };
      for (const host of hosts) this.#put(host, known);
    }
  }

  #put(host: string, known: Known): void {
    if (host === '*') this.#all ??= known;
    else if (!host.startsWith('*.')) putFirst(this.#exact, host, known);
    else putFirst(this.#below, host.slice(2), known);
  }

  /** null: it is none of these. */
  find(serverName: string): PassRoute | null {
    const name = serverName.toLowerCase().replace(/\.$/, '');
    const exact = this.#exact.get(name);
    if (exact !== undefined) return routeOf(exact, name);
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const found = this.#below.get(name.slice(dot + 1));
      if (found !== undefined) return routeOf(found, name.slice(0, dot));
    }
    return this.#all === null ? null : routeOf(this.#all, name);
  }
}

function putFirst(map: Map<string, Known>, key: string, known: Known): void {
  if (!map.has(key)) map.set(key, known);
}

function routeOf({ to, ...rest }: Known, label: string): PassRoute {
  return { ...rest, to: to === 'below' ? { kind: 'tunnel', name: label } : to };
}
