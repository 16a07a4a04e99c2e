// Says which tunnel a request is for, to the part of Sluice that has the clients of tunnels. Rule: it takes the place of whatever a
// visitor says there.
import type { Policy } from '../../contract/policy.ts';
import { TUNNEL_FIELD } from '../../services/tunnels/tunnel-names.ts';

/** `name` is that of the tunnel; or a `domain`, below which the host of the request names it. */
export function tunnelName(of: { readonly name: string } | { readonly domain: string }): Policy {
  return {
    name: 'tunnel-name',
    upstream: ({ request }) => {
      request.fields.set(TUNNEL_FIELD, 'name' in of ? of.name : nameBelow(request.host, of.domain));
    },
  };
}

/** Whoever asks for a host that is none gets to no tunnel. */
export function nameBelow(host: string, domain: string): string {
  const name = host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : '';
  return /^[a-z0-9-]+$/.test(name) ? name : '-';
}
