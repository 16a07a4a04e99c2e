// Turns what the configuration says of policies into policies. Rule: for each kind the nearest place that speaks of it decides
// whole; what is made of one place is one object, however many routes it serves.
import type { Config } from '../config/config.ts';
import type { RouteConfig } from '../config/schema/gateway.ts';
import type { AclPolicy, HeadersPolicy, Policies } from '../config/schema/policies.ts';
import type { Policy } from '../contract/policy.ts';
import { ClientAddress } from '../services/identity/client-address.ts';
import type { UserDirectory } from '../services/identity/user-directory.ts';
import { configuredUsers } from './configured-users.ts';
import { acl, auth, HeaderChanges, requestHeaders, responseHeaders } from './registry.ts';

/** What stands around the question who the client is. */
export interface PoliciesAround {
  readonly before: readonly Policy[];
  readonly after: readonly Policy[];
}

export class ConfiguredPolicies {
  readonly #config: Config;
  readonly #users: UserDirectory;
  #auth: Policy | null = null;
  readonly #made = new Map<object, Policy>();

  constructor(config: Config, users: UserDirectory = configuredUsers(config.users)) {
    this.#config = config;
    this.#users = users;
  }

  ofRoute(route: RouteConfig): Policy[] {
    const { gateway, policies } = this.#config;
    return this.#whole([route.policies, gateway.policies, policies]);
  }

  /** Of what no route takes. */
  ofGateway(): Policy[] {
    const { gateway, policies } = this.#config;
    return this.#whole([gateway.policies, policies]);
  }

  /** The forward proxy has its own way of asking for users. */
  ofEgress(): PoliciesAround {
    const { egress, policies } = this.#config;
    return this.#around([egress.policies, policies], true);
  }

  #whole(places: readonly Policies[]): Policy[] {
    const { before, after } = this.#around(places);
    return [...before, ...this.#usersOnly(nearest(places, 'auth')), ...after];
  }

  /** Changes of the header stand at both ends: the answer is changed last, and the request as well. */
  #around(places: readonly Policies[], isForwardProxy = false): PoliciesAround {
    const headers = nearest(places, 'headers') || null;
    return {
      before: [...this.#answersChanged(headers, isForwardProxy), ...this.#acl(nearest(places, 'acl'))],
      after: this.#requestsChanged(headers),
    };
  }

  #answersChanged(settings: HeadersPolicy | null, protectsOursOnly: boolean): Policy[] {
    if (settings === null) return [];
    const { security, csp, response } = settings;
    const changes = new HeaderChanges(response);
    if (changes.isEmpty && !security && csp === null) return [];
    return [this.#once(settings, () => responseHeaders({ changes, security, csp, protectsOursOnly }))];
  }

  #requestsChanged(settings: HeadersPolicy | null): Policy[] {
    if (settings === null) return [];
    const changes = new HeaderChanges(settings.request);
    return changes.isEmpty ? [] : [this.#once(settings.request, () => requestHeaders(changes))];
  }

  #acl(settings: AclPolicy | false | undefined): Policy[] {
    if (settings === undefined || settings === false) return [];
    const { allow, deny, trusted_proxies: trusted } = settings;
    return [this.#once(settings, () => acl({ client: new ClientAddress(trusted), allow, deny }))];
  }

  #usersOnly(whom: Policies['auth']): Policy[] {
    if (whom !== 'users') return [];
    this.#auth ??= auth({ users: this.#users, permission: 'gateway' });
    return [this.#auth];
  }

  #once(settings: object, make: () => Policy): Policy {
    const made = this.#made.get(settings) ?? make();
    this.#made.set(settings, made);
    return made;
  }
}

/** What the first place says that says anything; the nearest one stands first. */
function nearest<K extends keyof Policies>(places: readonly Policies[], kind: K): Policies[K] | undefined {
  return places.find((place) => place[kind] !== undefined)?.[kind];
}
