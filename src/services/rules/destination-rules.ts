// Which way a request takes, or that it takes none: the rules of a forward proxy, compiled. Rule: the first rule that fits
// decides, then NO_PROXY, then the chain; our own doors are refused whatever rules say, and private addresses unless the
// configuration allows them all or names this one.
import { NoProxyList, parseNoProxyEntry } from '../../core/no-proxy.ts';
import { DestinationMemory, destinationOf, type Destination, type Scope } from './destination.ts';
import { HostLookup } from './host-lookup.ts';
import type { OwnDoors } from './own-doors.ts';

export interface RuleOptions {
  readonly match: {
    /** Canonical hosts, `*.example.com` and networks; empty = every host. */
    readonly host: readonly string[];
    readonly port: readonly number[];
    readonly user: readonly string[];
  };
  readonly action: 'allow' | 'deny';
  /** Empty = direct; null = the chain. */
  readonly via: readonly string[] | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DestinationRulesOptions {
  readonly rules: readonly RuleOptions[];
  readonly chain: readonly string[];
  readonly noProxy: readonly string[];
  readonly allowPrivate: boolean;
  /** Empty = every port. */
  readonly connectPorts: readonly number[];
  readonly doors: OwnDoors;
}

export interface DestinationRequest {
  readonly host: string;
  readonly port: number;
  /** null = nobody was asked. */
  readonly user: string | null;
  /** CONNECT and SOCKS, where nobody sees what is sent. */
  readonly isTunnel: boolean;
}

/** What decided: the position of a rule, NO_PROXY, or the chain because nothing else did. */
export type RuleSource = number | 'no_proxy' | 'chain';

export interface Way {
  readonly kind: 'way';
  /** Hop names in order; empty = direct. */
  readonly via: readonly string[];
  /** Empty = any member of a group. */
  readonly tags: Readonly<Record<string, string>>;
  readonly allowsPrivate: boolean;
  readonly source: RuleSource;
}

export type DenyReason = 'bad_destination' | 'own_door' | 'port' | 'rule' | 'private';

export interface Denial {
  readonly kind: 'denied';
  readonly reason: DenyReason;
  readonly source: RuleSource | null;
}

interface CompiledRule {
  readonly ports: ReadonlySet<number> | null;
  readonly users: ReadonlySet<string> | null;
  readonly isForEveryHost: boolean;
  readonly names: ReadonlySet<string>;
  readonly verdict: Way | Denial;
  /** Where the rule names the destination itself, which allows it to be private. */
  readonly namedVerdict: Way | Denial;
}

export class DestinationRules {
  readonly #memory = new DestinationMemory();
  readonly #hosts = new HostLookup();
  readonly #rules: readonly CompiledRule[];
  readonly #noProxy: NoProxyList;
  readonly #direct: Way;
  readonly #chain: Way;
  readonly #connectPorts: ReadonlySet<number> | null;
  readonly #doors: OwnDoors;

  constructor(options: DestinationRulesOptions) {
    const { rules, chain, noProxy, allowPrivate, connectPorts, doors } = options;
    this.#rules = rules.map((rule, position) => compile(rule, position, options));
    for (const [position, { match }] of rules.entries()) this.#hosts.add(position, match.host);
    this.#noProxy = new NoProxyList(noProxy.flatMap((text) => parseNoProxyEntry(text) ?? []));
    const isNamed = !noProxy.some((entry) => entry.startsWith('*'));
    this.#direct = { kind: 'way', via: [], tags: NO_TAGS, allowsPrivate: allowPrivate || isNamed, source: 'no_proxy' };
    this.#chain = { kind: 'way', via: chain, tags: NO_TAGS, allowsPrivate: allowPrivate, source: 'chain' };
    this.#connectPorts = setOf(connectPorts);
    this.#doors = doors;
  }

  decide(request: DestinationRequest): Way | Denial {
    const { port } = request;
    const destination = this.#memory.read(request.host);
    if (destination === null || !(port >= 1 && port <= 65_535)) return BAD_DESTINATION;
    if (this.#doors.includes(destination, port)) return OWN_DOOR;
    if (request.isTunnel && this.#connectPorts?.has(port) === false) return CLOSED_PORT;
    const verdict = this.#verdictFor(destination, request);
    return verdict.kind === 'way' && isOffLimits(destination.scope, verdict) ? PRIVATE : verdict;
  }

  /**
   * Asked again about the address that a name was resolved to, before a direct connection is made to it: a name is only a
   * promise. null = go on.
   */
  refusalOfAddress(way: Way, address: string, port: number): Denial | null {
    const destination = destinationOf(address);
    if (destination === null || destination.ip === null) return BAD_DESTINATION;
    if (this.#doors.includes(destination, port)) return OWN_DOOR;
    return isOffLimits(destination.scope, way) ? PRIVATE : null;
  }

  #verdictFor(destination: Destination, request: DestinationRequest): Way | Denial {
    const position = this.#hosts.find(destination, this.#accepts, request);
    const rule = this.#rules[position];
    if (rule !== undefined) return names(rule, destination) ? rule.namedVerdict : rule.verdict;
    return this.#noProxy.matches(destination, request.port) ? this.#direct : this.#chain;
  }

  readonly #accepts = (position: number, { port, user }: DestinationRequest): boolean => {
    const rule = this.#rules[position];
    if (rule === undefined || rule.ports?.has(port) === false) return false;
    return rule.users === null || (user !== null && rule.users.has(user));
  };
}

const NO_TAGS: Readonly<Record<string, string>> = {};
const BAD_DESTINATION: Denial = { kind: 'denied', reason: 'bad_destination', source: null };
const OWN_DOOR: Denial = { kind: 'denied', reason: 'own_door', source: null };
const CLOSED_PORT: Denial = { kind: 'denied', reason: 'port', source: null };
const PRIVATE: Denial = { kind: 'denied', reason: 'private', source: null };

function compile(rule: RuleOptions, position: number, { chain, allowPrivate }: DestinationRulesOptions): CompiledRule {
  const { match, via, tags, action } = rule;
  const way: Way = { kind: 'way', via: via ?? chain, tags, allowsPrivate: allowPrivate, source: position };
  const verdict: Way | Denial = action === 'deny' ? { kind: 'denied', reason: 'rule', source: position } : way;
  return {
    ports: setOf(match.port),
    users: setOf(match.user),
    isForEveryHost: match.host.length === 0 || match.host.includes('*'),
    names: new Set(match.host),
    verdict,
    namedVerdict: verdict.kind === 'way' ? { ...verdict, allowsPrivate: true } : verdict,
  };
}

/**
 * Whoever writes an address, its network or a host's own name into a rule knows where it lies. A wildcard says nothing of
 * that kind: anybody with a name below it could let that name point to where they like.
 */
function names({ isForEveryHost, names: hosts }: CompiledRule, { host, ip }: Destination): boolean {
  return ip === null ? hosts.has(host) : !isForEveryHost;
}

function setOf<T>(items: readonly T[]): ReadonlySet<T> | null {
  return items.length === 0 ? null : new Set(items);
}

function isOffLimits(scope: Scope | null, { allowsPrivate }: Way): boolean {
  return !allowsPrivate && scope !== null && scope !== 'public';
}
