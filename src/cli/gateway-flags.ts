// The arguments of `sluice gateway` as values of the config. Rule: `api.example.com=http://localhost:9000` is a route,
// several backends for one match are a group, and a backend without a match takes what is left.

import type { FlagValue } from '../config/overrides.ts';
import type { JsonValue } from '../config/source-tree.ts';
import { SluiceError } from '../core/errors.ts';

export interface GatewayFlags {
  readonly listen?: string;
  readonly cache?: true;
  readonly limit?: string;
  readonly verbose?: true;
}

export function gatewayFlagValues(
  backends: readonly string[],
  { listen, cache, limit, verbose }: GatewayFlags,
): FlagValue[] {
  if (backends.length === 0)
    throw new SluiceError('usage', { message: 'To which backend? sluice gateway http://localhost:3000' });
  const groups = Map.groupBy(backends.map(readBackend), ({ match }) => match);
  const rest = groups.get('') ?? [];
  const routes = [...groups].flatMap(([match, group]) =>
    match === '' && group.length === 1 ? [] : [routeOf(match, group)],
  );
  const values: FlagValue[] = [{ path: 'egress.listen', value: null, flag: 'sluice gateway' }];
  if (listen !== undefined) values.push({ path: 'gateway.listen', value: listen, flag: '--listen' });
  if (rest.length === 1) values.push({ path: 'gateway.default_backend', value: rest[0]?.url ?? null, flag: 'BACKEND' });
  if (routes.length > 0) values.push({ path: 'gateway.routes', value: routes, flag: 'MATCH=BACKEND' });
  if (cache) values.push({ path: 'gateway.policies.cache', value: {}, flag: '--cache' });
  if (limit !== undefined)
    values.push({ path: 'gateway.policies.rate_limit', value: { rate: limit }, flag: '--limit' });
  if (verbose) values.push({ path: 'log.level', value: 'debug', flag: '--verbose' });
  return values;
}

interface Backend {
  /** Host, host with path, or path; '' = everything. */
  readonly match: string;
  readonly url: string;
}

function readBackend(text: string): Backend {
  // A "=" behind "://" belongs to the URL.
  const [first = ''] = text.split('://');
  const equals = first.indexOf('=');
  if (equals < 0) return { match: '', url: urlOf(text.trim()) };
  const match = text.slice(0, equals).trim();
  const place = text.slice(equals + 1).trim();
  if (match === '' || place === '' || first.includes('=', equals + 1)) {
    throw new SluiceError('usage', { message: `"${text}" is not MATCH=BACKEND, as in api.example.com=9000` });
  }
  return { match, url: urlOf(place) };
}

/** 3000, :3000 and localhost:3000 are short for a URL; a unix socket is none. */
function urlOf(place: string): string {
  if (place.includes('://') || place.startsWith('unix:')) return place;
  const port = /^:?(\d{1,5})$/.exec(place)?.[1];
  return port === undefined ? `http://${place}` : `http://127.0.0.1:${port}`;
}

function routeOf(match: string, group: readonly Backend[]): JsonValue {
  const slash = match.indexOf('/');
  const host = slash === -1 ? match : match.slice(0, slash);
  const path = slash === -1 ? '' : match.slice(slash);
  const [first] = group;
  const to: JsonValue =
    group.length === 1 && first !== undefined ? first.url : { backends: group.map(({ url }) => url) };
  return { match: { ...(host !== '' && { host }), ...(path !== '' && { path }) }, to };
}
