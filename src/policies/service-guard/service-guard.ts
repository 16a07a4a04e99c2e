// Who may use a service that runs something: users with the permission, by their token. Where there are no users, programs on this
// machine: then the names by which a page of another site could reach it are refused. Rule: no page of another site may use it in any
// case, and it is never told that it may (no CORS).
import { canonicalHost, isLoopbackName } from '../../core/address.ts';
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import { userOfAuthorization } from '../../services/identity/user-of-authorization.ts';

export interface ServiceGuardOptions {
  /** Nobody is asked for a token where there are none. */
  readonly users: UserDirectory;
  readonly permission: string;
  /** What users without the permission may not do: "run commands". */
  readonly does: string;
  /** Hosts by which it may be reached, beside those of this machine, where there are no users. */
  readonly hosts: readonly string[];
}

const CHALLENGE = 'Bearer realm="Sluice"';
const JSON_TYPE = /^application\/(?:(?:[\w.+-]+\+)?json|x-ndjson)(?:$|[\s;])/i;

export function serviceGuard({ users, permission, does, hosts }: ServiceGuardOptions): Policy {
  const asksUsers = users.size > 0;
  const names = new Set(hosts.map(canonicalHost));
  const isKnown = (host: string): boolean => isLoopbackName(host) || names.has(canonicalHost(host));

  function knowUser(exchange: Exchange): boolean {
    const { fields } = exchange.request;
    const user = userOfAuthorization(fields.get('authorization') ?? '', users);
    if (user === null) exchange.fail('unauthorized', 'A token of Sluice is needed, as a Bearer in Authorization.');
    else if (!user.may.has(permission)) exchange.fail('forbidden', `This user may not ${does}.`);
    else {
      exchange.user = user.name;
      fields.remove('authorization');
      return true;
    }
    return false;
  }

  return {
    name: 'service-guard',
    request(exchange) {
      const { request } = exchange;
      if (!asksUsers && !isKnown(request.host)) exchange.fail('host_denied');
      else if (isOfOtherSite(exchange)) exchange.fail('origin_denied');
      else if (asksUsers && !knowUser(exchange)) return;
      else if (hasOtherBody(request))
        exchange.fail('media_type_unsupported', 'Content-Type: application/json is needed.');
    },
    response({ user, response }) {
      if (asksUsers && response.isOurs && response.status === 401 && user === '') {
        response.fields.append('WWW-Authenticate', CHALLENGE);
      }
    },
  };
}

/** Browsers say where a page comes from; programs say nothing of the kind. */
function isOfOtherSite({ request, client }: Exchange): boolean {
  const { fields } = request;
  const origin = fields.get('origin');
  if (origin !== undefined)
    return origin.toLowerCase() !== `${client.secure ? 'https' : 'http'}://${request.authority.toLowerCase()}`;
  const site = fields.get('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site';
}

/** A page may send forms to anybody without being asked first, but no JSON. */
function hasOtherBody({ hasBody, fields }: RequestView): boolean {
  return hasBody && !JSON_TYPE.test(fields.get('content-type') ?? '');
}
