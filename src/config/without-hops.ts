// Leaves hops out, as `sluice up --without NAME` asks for. Rule: only a hop that says of itself that it is optional can be
// left out; any other is one that traffic must not go past.

import { nearestName } from '../core/nearest-name.ts';
import { SluiceError } from '../core/errors.ts';
import type { Config } from './config.ts';
import type { RouteConfig } from './schema/gateway.ts';

export function withoutHops(config: Config, names: readonly string[]): Config {
  if (names.length === 0) return config;
  for (const name of names) requireOptional(config, name);
  const left = (chain: readonly string[]): string[] => chain.filter((name) => !names.includes(name));
  const { hops, egress, gateway, ai, tunnels } = config;
  return {
    ...config,
    hops: Object.fromEntries(Object.entries(hops).filter(([name]) => !names.includes(name))),
    egress: {
      ...egress,
      chain: left(egress.chain),
      rules: egress.rules.map((rule) => ({ ...rule, via: rule.via && left(rule.via) })),
    },
    gateway: { ...gateway, routes: gateway.routes.map((route) => routeWithout(route, left)) },
    ai: { ...ai, via: left(ai.via) },
    tunnels: { ...tunnels, client: { ...tunnels.client, via: tunnels.client.via && left(tunnels.client.via) } },
  };
}

function requireOptional({ hops }: Config, name: string): void {
  const hop = hops[name];
  if (hop === undefined) {
    const near = nearestName(name, Object.keys(hops));
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw new SluiceError('usage', { message: `There is no hop "${name}" to leave out.${hint}` });
  }
  if (hop.optional) return;
  const message = `The hop "${name}" cannot be left out: its config does not say "optional: true".`;
  throw new SluiceError('usage', { message });
}

function routeWithout(route: RouteConfig, left: (chain: readonly string[]) => string[]): RouteConfig {
  const { to } = route;
  return 'backends' in to ? { ...route, to: { ...to, via: left(to.via) } } : route;
}
