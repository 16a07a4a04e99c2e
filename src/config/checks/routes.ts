// Routes and the paths of the gateway. Rule: a route that can never be taken is a mistake worth telling.

import { formatPath, type KeyPath } from '../key-path.ts';
import type { RouteConfig } from '../schema/gateway.ts';
import type { Check, Finding } from './finding.ts';
import { duplicates } from './names.ts';

export const checkRoutes: Check = ({ config: { gateway } }) => {
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
    if (wantsRest(route) && !endsOpen(route)) {
      const message = '{rest} is what the "*" of the path matched, and the path of this route has none at its end';
      findings.push({ code: 'config_conflict', message, path: [...base, index, 'to', 'redirect'] });
    }
  }
  return findings;
};

/** The same text for the same conditions, in whatever order they are written. */
function matchKey({ match }: RouteConfig): string {
  const fields = Object.entries(match.header).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  const parameters = Object.entries(match.query).map(([name, value]) => `${name}=${value}`);
  const lists = [match.host, match.path, match.method, fields, parameters];
  return JSON.stringify(lists.map((list) => [...new Set(list)].sort(byText)));
}

function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function wantsRest({ to }: RouteConfig): boolean {
  return 'redirect' in to && to.redirect.includes('{rest}');
}

function endsOpen({ match }: RouteConfig): boolean {
  return match.path.length > 0 && match.path.every((path) => path.endsWith('/*') || path.endsWith('/{rest}'));
}

export const checkProviders: Check = ({ config: { ai } }) => {
  const { claude, chatgpt } = ai.providers;
  if (claude.prefix !== chatgpt.prefix) return [];
  const message = `the prefix "${chatgpt.prefix}" is also that of ai.providers.claude`;
  return [{ code: 'config_conflict', message, path: ['ai', 'providers', 'chatgpt', 'prefix'] }];
};
