// Says which tunnel a request is for, to the part of Sluice that has the clients of tunnels. Rule: it takes the place of whatever a
// visitor says there.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { ClientAddress } from '../../services/identity/client-address.ts';
import { SCHEME_FIELD, TUNNEL_FIELD, VISITOR_FIELD } from '../../services/tunnels/tunnel-names.ts';

const LABEL = /^[a-z0-9-]+$/;
const HOSTNAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

/** `name` is that of the tunnel; or a `domain`, below which the host of the request names it. */
export function tunnelName(
  of: { readonly name: string } | { readonly domain: string },
  client: ClientAddress | null = null,
): Policy {
  // A host of the operator's own is not one of many that are strangers to each other.
  const response: Pick<Policy, 'response'> =
    'name' in of ? {} : { response: (exchange) => keepCookies(exchange.response.fields, of.domain) };
  return {
    ...response,
    name: 'tunnel-name',
    upstream: (exchange) => {
      const { request } = exchange;
      tellVisitor(exchange, client);
      request.fields.set(TUNNEL_FIELD, 'name' in of ? of.name : nameBelow(request.host, of.domain));
    },
  };
}

/** What a trusted proxy says; of anybody else nothing is known but the connection, which every backend is told of. */
function tellVisitor(exchange: Exchange, client: ClientAddress | null): void {
  const { fields } = exchange.request;
  const address = client === null ? null : client.of(exchange);
  const isBehind = address !== null && address !== exchange.client.address;
  const scheme = fields.get('x-forwarded-proto')?.toLowerCase();
  fields.remove(VISITOR_FIELD);
  fields.remove(SCHEME_FIELD);
  if (!isBehind) return;
  fields.set(VISITOR_FIELD, address);
  if (scheme === 'http' || scheme === 'https') fields.set(SCHEME_FIELD, scheme);
}

/** A cookie for the domain of all tunnels would go to all of them: it becomes one for this tunnel alone. */
function keepCookies(fields: Fields, domain: string): void {
  if (!fields.has('set-cookie')) return;
  const cookies = fields.getAll('set-cookie').map((cookie) => withoutZone(cookie, domain));
  fields.remove('set-cookie');
  for (const cookie of cookies) fields.append('Set-Cookie', cookie);
}

export function withoutZone(cookie: string, domain: string): string {
  const [pair = '', ...attributes] = cookie.split(';');
  const kept = attributes.filter((attribute) => {
    const named = /^\s*domain\s*=\s*\.?([^;]*?)\.?\s*$/i.exec(attribute)?.[1]?.toLowerCase();
    return named === undefined || !`.${domain}`.endsWith(`.${named}`);
  });
  return [pair, ...kept].join(';');
}

/** A hostname that an account has of its own is its name. Whoever asks for a host that is none gets to no tunnel. */
export function nameBelow(host: string, domain: string): string {
  const isBelow = host.endsWith(`.${domain}`);
  const name = isBelow ? host.slice(0, -domain.length - 1) : host;
  return (isBelow ? LABEL : HOSTNAME).test(name) ? name : '-';
}
