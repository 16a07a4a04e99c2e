// Where an answer says that something is, as the client would ask for it: Location, and the Path of cookies. Rule: only what would
// otherwise lead astray is changed: a backend's own name, and paths that are others for the backend than for the client.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { SwappedPrefixes } from './swapped-prefixes.ts';

export interface WayBackOptions {
  /** How the backends are called, in lower case, with their ports where these are not the usual ones. */
  readonly authorities: ReadonlySet<string>;
  /** How the paths of clients become those of the backends. */
  readonly prefixes: readonly SwappedPrefixes[];
}

export function wayBack({ authorities, prefixes }: WayBackOptions): Policy {
  // The longer one says more about a path.
  const moves = prefixes
    .filter(({ outer, inner }) => outer !== inner)
    .toSorted((one, other) => other.inner.length - one.inner.length);
  return {
    name: 'way back',
    response: (exchange) => {
      if (exchange.response.isOurs) return;
      changeLocation(exchange, authorities, moves);
      if (moves.length > 0) changeCookies(exchange, moves);
    },
  };
}

const LOCATION = /^(?:https?:)?\/\/([^/?#]*)([^?#]*)(.*)$/is;

function changeLocation({ request, response }: Exchange, authorities: ReadonlySet<string>, moves: Moves): void {
  const value = response.fields.get('location');
  if (value === undefined) return;
  const [, authority, path = '', rest = ''] = LOCATION.exec(value) ?? [];
  const changed =
    authority === undefined
      ? moved(value, moves)
      : elsewhere(value, { authority: authority.toLowerCase(), path, rest }, { request, authorities, moves });
  if (changed !== null) response.fields.set('location', changed);
}

type Moves = readonly SwappedPrefixes[];

interface Place {
  readonly authority: string;
  readonly path: string;
  readonly rest: string;
}

interface Asked {
  readonly request: Exchange['request'];
  readonly authorities: ReadonlySet<string>;
  readonly moves: Moves;
}

/** A whole URL: with the backend's own name it is here, with the client's it keeps that; others are none of our business. */
function elsewhere(
  value: string,
  { authority, path, rest }: Place,
  { request, authorities, moves }: Asked,
): string | null {
  const inner = path === '' ? '/' : path;
  const isOurs = authority === request.authority.toLowerCase();
  const outer = moved(inner, moves);
  if (isOurs)
    return outer === null ? null : `${value.slice(0, value.length - path.length - rest.length)}${outer}${rest}`;
  if (!authorities.has(authority) && !isClientsHost(authority, request.host, authorities)) return null;
  if (outer !== null) return outer + rest;
  const isKnownToClients = moves.length === 0 || moves.some((move) => move.inner === '' && isBelow(inner, move.outer));
  return isKnownToClients ? inner + rest : null;
}

/** A server that is told the client's host puts its own port behind it. */
function isClientsHost(authority: string, host: string, authorities: ReadonlySet<string>): boolean {
  const port = PORT.exec(authority)?.[0] ?? '';
  if (authority.slice(0, authority.length - port.length) !== host) return false;
  for (const own of authorities) if ((PORT.exec(own)?.[0] ?? '') === port) return true;
  return false;
}

const PORT = /:\d+$/;

/** The path as the client has to ask for it; null: it is that already, or lies where no client gets to. */
function moved(path: string, moves: Moves): string | null {
  if (!path.startsWith('/')) return null;
  for (const { outer, inner } of moves) {
    if (inner === '' && isBelow(path, outer)) return null;
    if (!isBelow(path, inner)) continue;
    const rest = path.slice(inner.length);
    return outer + (outer === '' && !rest.startsWith('/') ? `/${rest}` : rest);
  }
  return null;
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && /^(?:$|[/?#])/.test(path.slice(prefix.length));
}

const COOKIE_PATH = /(;\s*path=)([^;]*)/i;

/** A cookie for everything is one for the client too; one for a path that the client does not know would never come back. */
function changeCookies({ response }: Exchange, moves: Moves): void {
  if (!response.fields.has('set-cookie')) return;
  const cookies = response.fields.getAll('set-cookie');
  const changed = cookies.map((cookie) => {
    return cookie.replace(COOKIE_PATH, (whole, name: string, path: string) => {
      const other = path.trim() === '/' ? null : moved(path.trim(), moves);
      return other === null ? whole : name + other;
    });
  });
  if (changed.every((cookie, index) => cookie === cookies[index])) return;
  response.fields.remove('set-cookie');
  for (const cookie of changed) response.fields.append('Set-Cookie', cookie);
}
