// Which TLS goes through as it is: what the configuration says, and the names of tunnels of TLS. Rule: every thread and the main one come
// to the same answer from the same configuration.
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import { type PassPlace, PassRoutes, type PassSpec } from '../../services/passthrough/pass-routes.ts';

export function passRoutes({ gateway, tunnels: { server } }: Config): PassRoutes {
  const specs = gateway.passthrough.map(({ host: hosts, to, proxy_protocol: proxyProtocol, allow }): PassSpec => {
    return { hosts, to: placeOf(to), proxyProtocol, allow };
  });
  const { tls_domain: domain } = server;
  if (!server.enabled || domain === null) return new PassRoutes(specs);
  return new PassRoutes([...specs, { hosts: [`*.${domain}`], to: 'below', proxyProtocol: 'none', allow: [] }]);
}

function placeOf(to: string | { readonly tunnel: string }): PassPlace {
  if (typeof to !== 'string') return { kind: 'tunnel', name: to.tunnel.toLowerCase() };
  const address = parseAddress(to);
  if (address.kind === 'unix') return { kind: 'address', host: 'unix', port: 0, path: address.path };
  if (address.kind === 'invalid') throw new Error(`${to} is not an address: ${address.reason}`);
  return { kind: 'address', host: address.host, port: address.port, path: null };
}
