// Routes and the paths of the gateway. Rule: a route that can never be taken is a mistake worth telling.

import { nearestName } from '../../core/nearest-name.ts';
import { HOST, namesOfPattern, placeholders, REST } from '../../core/path-template.ts';
import { formatPath, type KeyPath } from '../key-path.ts';
import type { GatewayConfig, RouteConfig } from '../schema/gateway.ts';
import type { Check, Finding } from './finding.ts';
import { duplicates } from './names.ts';

export const checkRoutes: Check = ({ config: { gateway, tunnels } }) => {
  const base: KeyPath = ['gateway', 'routes'];
  const findings: Finding[] = duplicates(gateway.routes, 'name', base);
  const seen = new Map<string, number>();
  for (const [index, route] of gateway.routes.entries()) {
    const key = matchKey(route);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, index);
    else {
      const message = `this route is never taken: ${formatPath([...base, before])} matches the same requests`;
      findings.push({ severity: 'warning', code: 'config_conflict', message, path: [...base, index] });
    }
    findings.push(...templateFindings(route, [...base, index, 'to']), ...doorFindings(gateway, route, index));
    if ('tunnel' in route.to && !tunnels.server.enabled) findings.push(noTunnels([...base, index, 'to', 'tunnel']));
  }
  return findings;
};

function noTunnels(path: KeyPath): Finding {
  const message = 'nobody can open tunnels here: the tunnel server is off';
  return { severity: 'warning', code: 'config_conflict', message, path, hint: 'set tunnels.server.enabled: true' };
}

function doorFindings({ listen }: GatewayConfig, { match }: RouteConfig, index: number): Finding[] {
  const names = listen.flatMap(({ name }) => name ?? []);
  return match.door.flatMap((door, at): Finding[] => {
    if (names.includes(door)) return [];
    const near = nearestName(door, names);
    const hint = near === undefined ? 'give an address in gateway.listen that "name"' : `did you mean "${near}"?`;
    const message = `no address of the gateway is called "${door}"`;
    return [{ code: 'config_unknown_name', message, path: ['gateway', 'routes', index, 'match', 'door', at], hint }];
  });
}

/** The same text for the same conditions, in whatever order they are written. */
function matchKey({ match }: RouteConfig): string {
  const fields = Object.entries(match.header).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  const parameters = Object.entries(match.query).map(([name, value]) => `${name}=${value}`);
  const lists = [match.door, match.host, match.path, match.method, fields, parameters];
  return JSON.stringify(lists.map((list) => [...new Set(list)].sort(byText)));
}

function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** What a target wants to know of the path has to be in it. */
function templateFindings({ to, match }: RouteConfig, path: KeyPath): Finding[] {
  const [key, text, known] =
    'redirect' in to
      ? ['redirect', to.redirect, [HOST]]
      : 'backends' in to
        ? ['rewrite', to.rewrite ?? '', []]
        : ['', '', []];
  const given = match.path.map(namesOfPattern);
  return placeholders(text)
    .filter((name) => !known.includes(name) && !isGiven(name, given))
    .map((name) => {
      const message =
        name === REST
          ? '{rest} is what the "*" of the path matched, and the path of this route has none at its end'
          : `the path of this route has no part that is called {${name}}`;
      return { code: 'config_conflict', message, path: [...path, key] };
    });
}

/** A path that ends where others go on has an empty rest. */
function isGiven(name: string, given: readonly (readonly string[])[]): boolean {
  if (name === REST) return given.some((names) => names.includes(name));
  return given.length > 0 && given.every((names) => names.includes(name));
}
