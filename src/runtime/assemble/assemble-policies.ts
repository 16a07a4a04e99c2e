// Turns what the configuration says of policies into policies. Rule: for each kind the nearest place that speaks of it decides
// whole; what is made of one place is one object, however many routes it serves.
import type { Config } from '../../config/config.ts';
import type { GatewayListen, RouteConfig } from '../../config/schema/gateway.ts';
import type { AclPolicy, Policies } from '../../config/schema/policies.ts';
import type { HeadersPolicy } from '../../config/schema/policies-headers.ts';
import type { AuthPolicy } from '../../config/schema/policies-auth.ts';
import type { CachePolicy } from '../../config/schema/policies-cache.ts';
import type { CompressPolicy } from '../../config/schema/policies-compress.ts';
import type { MirrorPolicy } from '../../config/schema/policies-mirror.ts';
import type { ScanPolicy } from '../../config/schema/policies-scan.ts';
import { type UserPolicy, userPolicies } from '../../config/schema/user-policies.ts';
import type { Policy } from '../../contract/policy.ts';
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import type { OtherTokens, UserDirectory } from '../../services/identity/user-directory.ts';
import type { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { Limiter } from '../../services/limiter/limit-bucket.ts';
import type { LimitTable } from '../../services/limiter/limit-table.ts';
import type { RunningTable } from '../../services/limiter/running-table.ts';
import type { RunningLimiter } from '../../services/limiter/shared-running.ts';
import type { BudgetTable } from '../../services/usage/budget-table.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { limiterOf, runningOf } from '../nodes/limits-of-nodes.ts';
import { limitsOf, timeoutOf } from './assemble-bounds.ts';
import { assembleAuth } from './assemble-auth.ts';
import { cacheMaker } from './assemble-cache.ts';
import { assembleCompress } from './assemble-compress.ts';
import { ConfiguredScans } from './assemble-scan.ts';
import { createFilter } from './assemble-filter.ts';
import { interstitialOf } from './assemble-interstitial.ts';
import { configuredUsers } from './configured-users.ts';
import { acl, cors, HeaderChanges, type HstsOptions, rateLimit, requestHeaders, responseHeaders } from '../registry.ts';
import { createUserPolicy, type UserPolicyParts, type UserPolicyPlace } from '../policy-modules/user-policies.ts';

/** What stands around the question who the client is. */
export interface PoliciesAround {
  readonly before: readonly Policy[];
  readonly after: readonly Policy[];
}

export interface PolicyParts {
  readonly users: UserDirectory;
  readonly limiter: Limiter;
  readonly running: RunningLimiter;
  readonly budgets: BudgetTable;
  readonly lists: DomainShelf;
  readonly recorder: MetricsRecorder;
  readonly tellUsage: TellUsage;
  /** The names of tunnels of users of the configuration. */
  readonly knownNames?: KnownNames | null;
  /** Makes a policy of the user's own. */
  readonly ofModule: (use: UserPolicy, at: UserPolicyPlace) => Policy;
  readonly ofScan: (settings: ScanPolicy) => Policy;
  readonly ofMirror: (settings: MirrorPolicy, place: string) => Policy;
  readonly ofCache: (settings: CachePolicy, at: CachePlace) => Policy;
}

/** Where a cache stands: as a place has it in the configuration, and before what. */
export interface CachePlace {
  readonly place: string;
  readonly isForwardProxy: boolean;
  /** Of what is compressed there; null: nothing. */
  readonly compress: CompressPolicy | null;
}

/** What a thread has for policies. */
export interface ThreadPolicyParts extends UserPolicyParts {
  readonly threads: number;
  readonly limits: LimitTable;
  readonly running: RunningTable;
  readonly budgets: BudgetTable;
  readonly lists: DomainShelf;
  readonly caches: CacheShelf;
  readonly recorder: MetricsRecorder;
  readonly tellUsage: TellUsage;
  readonly knownNames?: KnownNames;
  /** The tokens that runs of agents have. */
  readonly runs?: OtherTokens;
}

const NO_MIRROR: Policy = { name: 'mirror' };

/** `makesMirror` is needed where there may be one. */
export function policyParts(
  config: Config,
  parts: ThreadPolicyParts,
  makesMirror: PolicyParts['ofMirror'] = () => NO_MIRROR,
): PolicyParts {
  const scans = new ConfiguredScans(parts, config.timeouts.connect);
  return {
    users: configuredUsers(config.users, parts.runs),
    limiter: limiterOf(parts, config.process.state),
    running: runningOf(parts, config.process.state),
    budgets: parts.budgets,
    lists: parts.lists,
    recorder: parts.recorder,
    tellUsage: parts.tellUsage,
    knownNames: parts.knownNames ?? null,
    ofModule: (use, at) => createUserPolicy(use, at, parts),
    ofScan: (settings) => scans.policy(settings),
    ofMirror: makesMirror,
    ofCache: cacheMaker(config, parts),
  };
}

/** Where the configuration speaks of policies. What is counted there is counted under the name. */
interface Place extends UserPolicyPlace {
  readonly name: string;
  readonly policies: Policies;
}

export class ConfiguredPolicies {
  readonly #config: Config;
  readonly #users: UserDirectory;
  readonly #limiter: Limiter;
  readonly #running: RunningLimiter;
  readonly #lists: DomainShelf;
  readonly #recorder: MetricsRecorder;
  readonly #ofScan: PolicyParts['ofScan'];
  readonly #ofMirror: PolicyParts['ofMirror'];
  readonly #ofCache: PolicyParts['ofCache'];
  #auth: Policy | null = null;
  readonly #made = new Map<object, Policy>();
  readonly #caches = new Map<CachePolicy, Map<CompressPolicy, Policy>>();
  readonly #clients = new Map<AclPolicy | null, ClientAddress>();
  readonly #knownNames: KnownNames | null;
  readonly #ofModule: PolicyParts['ofModule'];

  constructor(config: Config, parts: PolicyParts) {
    this.#config = config;
    this.#users = parts.users;
    this.#limiter = parts.limiter;
    this.#running = parts.running;
    this.#lists = parts.lists;
    this.#recorder = parts.recorder;
    this.#knownNames = parts.knownNames ?? null;
    this.#ofModule = parts.ofModule;
    this.#ofScan = parts.ofScan;
    this.#ofMirror = parts.ofMirror;
    this.#ofCache = parts.ofCache;
  }

  /** `listen` is the address that the request comes in by; null: it makes no difference. */
  ofRoute(route: RouteConfig, listen: GatewayListen | null = null): Policy[] {
    const index = this.#config.gateway.routes.indexOf(route);
    const name = route.name ?? String(index + 1);
    const place = `gateway.routes[${index}].policies`;
    return this.#whole([
      { name: `route ${name}`, place, route: name, policies: route.policies },
      ...this.#gatewayPlaces(listen),
    ]);
  }

  /** Of what no route takes. */
  ofGateway(listen: GatewayListen | null = null): Policy[] {
    return this.#whole(this.#gatewayPlaces(listen));
  }

  /** Of names of tunnels. Who may not come in is not told either what is there. */
  ofTunnels(listen: GatewayListen | null = null): Policy[] {
    return this.#whole(this.#gatewayPlaces(listen), interstitialOf(this.#config, this.#knownNames));
  }

  /** The forward proxy has its own way of asking for users. */
  ofEgress(): PoliciesAround {
    return this.#around([this.#door('egress'), this.#top()], true);
  }

  /** Before what is relayed to providers of AI, and what runs something: who may not come, and how often. What else is said and done is theirs. */
  ofAi(listen: GatewayListen | null = null): PoliciesAround {
    return this.#around(this.#gatewayPlaces(listen).map((place) => ({ ...place, policies: guardsOf(place.policies) })));
  }

  #gatewayPlaces(listen: GatewayListen | null): Place[] {
    return [...(listen === null ? [] : [this.#address(listen)]), this.#door('gateway'), this.#top()];
  }

  #address(listen: GatewayListen): Place {
    const place = `gateway.listen[${this.#config.gateway.listen.indexOf(listen)}].policies`;
    return { name: `door ${listen.address}`, place, route: null, policies: listen.policies };
  }

  #door(name: 'gateway' | 'egress'): Place {
    return { name, place: `${name}.policies`, route: null, policies: this.#config[name].policies };
  }

  #top(): Place {
    return { name: '', place: 'policies', route: null, policies: this.#config.policies };
  }

  #whole(places: readonly Place[], gate: readonly Policy[] = []): Policy[] {
    const { before, after } = this.#around(places, false, gate);
    const headers = nearest(places, 'headers')?.policies.headers || null;
    return [...before, ...this.#cors(headers), ...this.#authOf(nearest(places, 'auth')?.policies.auth), ...after];
  }

  /** Headers are changed next to the target: others judge what the client has sent, and what they say of it stays as they said it. */
  #around(places: readonly Place[], isForwardProxy = false, gate: readonly Policy[] = []): PoliciesAround {
    const headers = nearest(places, 'headers')?.policies.headers || null;
    const access = nearest(places, 'acl')?.policies.acl || null;
    const limits = this.#rateLimit(nearest(places, 'rate_limit'), access, isForwardProxy);
    const isPerUser = limits.length > 0 && countsUsers(places);
    return {
      // What is too much is refused before anybody looks at tokens, unless they are what is counted by.
      before: [
        ...this.#acl(access),
        ...this.#bounds(places, access),
        ...(isPerUser ? [] : limits),
        ...this.#filter(places, isForwardProxy),
      ],
      after: [
        ...(isPerUser ? limits : []),
        ...(this.#config[isForwardProxy ? 'egress' : 'gateway'].listen.length > 0 ? this.#ofModules(places) : []),
        // What is kept, and what is copied to others, has come through it.
        ...gate,
        ...this.#bodies(places, isForwardProxy),
        ...(isForwardProxy ? [] : this.#mirror(nearest(places, 'mirror'))),
        ...this.#answersChanged(headers, isForwardProxy),
        ...this.#requestsChanged(headers),
      ],
    };
  }

  /** The client is whom the access list takes for it. */
  #bounds(places: readonly Place[], access: AclPolicy | null): Policy[] {
    const place = nearest(places, 'limits');
    const limits = place?.policies.limits || null;
    const times = nearest(places, 'timeout')?.policies.timeout || null;
    const counted = { running: this.#running, scope: place?.name ?? '', client: this.#clientOf(access) };
    return [
      ...(limits === null ? [] : [limitsOf(limits, counted, this.#takesPreflights(places))]),
      ...(times === null ? [] : [this.#once(times, () => timeoutOf(times, this.#config))]),
    ];
  }

  /** A browser asks by OPTIONS whether it may do what it wants to. */
  #takesPreflights(places: readonly Place[]): boolean {
    const headers = nearest(places, 'headers')?.policies.headers || null;
    return this.#cors(headers).length > 0;
  }

  /** The client is whom the access list takes for it. */
  #rateLimit(place: Place | undefined, access: AclPolicy | null, tellsInOursOnly: boolean): Policy[] {
    const settings = place?.policies.rate_limit || null;
    if (place === undefined || settings === null) return [];
    const { per, rate, burst } = settings;
    const client = this.#clientOf(access);
    const limit = { intervalMs: 1000 / rate, burst: burst ?? Math.max(1, Math.floor(rate)) };
    // One for each route: those that share a limit may differ in whom they trust.
    return [rateLimit({ limiter: this.#limiter, scope: place.name, per, client, limit, tellsInOursOnly })];
  }

  /** What a cache keeps is compressed once, beside the answer as it came. */
  #bodies(places: readonly Place[], isForwardProxy: boolean): Policy[] {
    const compressed = nearest(places, 'compress')?.policies.compress || null;
    return [
      ...this.#compress(compressed),
      ...this.#cache(nearest(places, 'cache'), isForwardProxy, compressed),
      ...this.#scan(nearest(places, 'scan')?.policies.scan || null),
    ];
  }

  /** What is kept has been scanned, and its fields changed; who may have it is asked each time. */
  #cache(at: Place | undefined, isForwardProxy: boolean, compressed: CompressPolicy | null): Policy[] {
    const settings = at?.policies.cache || null;
    if (at === undefined || settings === null) return [];
    const make = (): Policy => this.#ofCache(settings, { place: at.place, isForwardProxy, compress: compressed });
    // What stands at the top is said for both ways, which name what is asked for differently.
    if (isForwardProxy) return [make()];
    return [compressed === null ? this.#once(settings, make) : this.#onceForBoth(settings, compressed, make)];
  }

  #mirror(place: Place | undefined): Policy[] {
    const settings = place?.policies.mirror || null;
    return settings === null ? [] : [this.#once(settings, () => this.#ofMirror(settings, place?.name ?? ''))];
  }

  #compress(settings: CompressPolicy | null): Policy[] {
    if (settings === null) return [];
    return [this.#once(settings, () => assembleCompress(settings, this.#recorder))];
  }

  #scan(settings: ScanPolicy | null): Policy[] {
    return settings === null ? [] : [this.#once(settings, () => this.#ofScan(settings))];
  }

  /** Before anybody asks who the client is: a browser asks without saying. */
  #cors(settings: HeadersPolicy | null): Policy[] {
    const shared = settings?.cors ?? null;
    if (shared === null) return [];
    const { max_age: maxAgeMs, private_network: privateNetwork, ...rest } = shared;
    return [this.#once(shared, () => cors({ ...rest, maxAgeMs, privateNetwork }))];
  }

  #answersChanged(settings: HeadersPolicy | null, protectsOursOnly: boolean): Policy[] {
    if (settings === null) return [];
    const { security, hsts, csp, response } = settings;
    const changes = new HeaderChanges(response);
    if (changes.isEmpty && !security && !hsts && csp === null) return [];
    return [
      this.#once(settings, () => responseHeaders({ changes, security, hsts: hstsOf(settings), csp, protectsOursOnly })),
    ];
  }

  #requestsChanged(settings: HeadersPolicy | null): Policy[] {
    if (settings === null) return [];
    const changes = new HeaderChanges(settings.request);
    return changes.isEmpty ? [] : [this.#once(settings.request, () => requestHeaders(changes))];
  }

  #filter(places: readonly Place[], isForwardProxy: boolean): Policy[] {
    const settings = nearest(places, 'filter')?.policies.filter || null;
    if (settings === null) return [];
    return [this.#once(settings, () => createFilter(settings, { lists: this.#lists, isForwardProxy }))];
  }

  #acl(settings: AclPolicy | null): Policy[] {
    if (settings === null) return [];
    const { allow, deny } = settings;
    return [this.#once(settings, () => acl({ client: this.#clientOf(settings), allow, deny }))];
  }

  /** One for each place that says whom to trust: what it has found out is found out for all. */
  #clientOf(access: AclPolicy | null): ClientAddress {
    const known = this.#clients.get(access);
    if (known !== undefined) return known;
    const client = new ClientAddress(access?.trusted_proxies ?? []);
    this.#clients.set(access, client);
    return client;
  }

  #authOf(settings: AuthPolicy | undefined): Policy[] {
    if (settings === undefined || settings === 'none') return [];
    if (settings === 'users') return [(this.#auth ??= assembleAuth(settings, this.#users))];
    return [this.#once(settings, () => assembleAuth(settings, this.#users))];
  }

  /** Of a door that is open: in the order of the configuration, the farthest place first; where a nearer place speaks of a module again, the order stays. */
  #ofModules(places: readonly Place[]): Policy[] {
    const uses = new Map<string, readonly [UserPolicy, Place]>();
    for (const place of places.toReversed()) {
      for (const use of userPolicies(place.policies)) uses.set(use.file, [use, place]);
    }
    return [...uses.values()].flatMap(([use, { place, route }]) => {
      const { settings } = use;
      return settings === false ? [] : [this.#once(settings, () => this.#make(use, { place, route }))];
    });
  }

  /** A program that will not be has nobody who disposes of what was made for it. */
  #make(use: UserPolicy, at: UserPolicyPlace): Policy {
    try {
      return this.#ofModule(use, at);
    } catch (cause) {
      for (const policy of this.#made.values()) policy.dispose?.();
      throw cause;
    }
  }

  #onceForBoth(settings: CachePolicy, compressed: CompressPolicy, make: () => Policy): Policy {
    const known = this.#caches.get(settings) ?? new Map<CompressPolicy, Policy>();
    const made = known.get(compressed) ?? make();
    this.#caches.set(settings, known.set(compressed, made));
    return made;
  }

  #once(settings: object, make: () => Policy): Policy {
    const made = this.#made.get(settings) ?? make();
    this.#made.set(settings, made);
    return made;
  }
}

/** A year, where nobody says how long. */
const YEAR_MS = 31_536_000_000;

function hstsOf({ security, hsts }: HeadersPolicy): HstsOptions | null {
  if (hsts === false || (hsts === null && !security)) return null;
  const { max_age = YEAR_MS, include_subdomains = false, preload = false } = hsts ?? {};
  return { maxAgeMs: max_age, includesSubdomains: include_subdomains, preload };
}

/** The first place that says anything of that kind; the nearest one stands first. */
function nearest(places: readonly Place[], kind: keyof Policies): Place | undefined {
  return places.find(({ policies }) => policies[kind] !== undefined);
}

function guardsOf({ acl: access, limits, rate_limit }: Policies): Policies {
  return {
    ...(access !== undefined && { acl: access }),
    ...(limits !== undefined && { limits }),
    ...(rate_limit !== undefined && { rate_limit }),
  };
}

function countsUsers(places: readonly Place[]): boolean {
  const settings = nearest(places, 'rate_limit')?.policies.rate_limit;
  return settings !== undefined && settings !== false && settings.per === 'user';
}
