// The URL of a Redis that nodes share: one server, a master that sentinels know, or a cluster. Rule: text that does not name exactly one of them is
// none; what is shown of it has neither user nor password.

export interface StateServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface StateLogin {
  /** Empty: the one that has none. */
  readonly user: string;
  readonly password: string;
}

export interface StateUrl {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly isTls: boolean;
  /** One of them, the sentinels, or some nodes of the cluster. */
  readonly servers: readonly StateServerAddress[];
  readonly login: StateLogin | null;
  /** What sentinels are asked with; they have a password of their own, or none. */
  readonly sentinelPassword: string | null;
  /** What the sentinels call it; empty: it is no such thing. */
  readonly master: string;
  readonly database: number;
  /** For people: without user and password. */
  readonly shown: string;
}

const FORM =
  /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^/?#]*))?(?:\/(\d{1,5}))?(?:\?([^#]*))?$/;
const SERVER = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const MASTER = /^[\w.-]+$/;
const DATABASE = /^\d{0,5}$/;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const MAX_PORT = 65_535;

export function parseStateUrl(text: string): StateUrl | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, tls = '', form = 'single', login, hosts = '', first = '', second, query] = parts;
  const kind = form as StateUrl['kind'];
  const servers = hosts.split(',').map((host) => serverOf(host, kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT));
  const place = placeOf(kind, first, second);
  const sentinelPassword = passwordOf(kind, query);
  const who = login === undefined ? null : loginOf(login);
  if (place === undefined || who === undefined || sentinelPassword === undefined) return undefined;
  if (!servers.every((server) => server !== undefined) || (kind === 'single' && servers.length > 1)) return undefined;
  const path = place.master === '' ? '' : `/${place.master}`;
  const shown = `redis${tls}${kind === 'single' ? '' : `+${kind}`}://${hosts}${path}`;
  return { kind, isTls: tls !== '', servers, login: who, sentinelPassword, ...place, shown };
}

function placeOf(
  kind: StateUrl['kind'],
  first: string,
  second?: string,
): Pick<StateUrl, 'master' | 'database'> | undefined {
  if (kind === 'sentinel') return MASTER.test(first) ? { master: first, database: Number(second ?? 0) } : undefined;
  if (second !== undefined || !DATABASE.test(first)) return undefined;
  // A cluster has one database.
  return kind === 'cluster' && first !== '' ? undefined : { master: '', database: Number(first) };
}

function serverOf(text: string, defaultPort: number): StateServerAddress | undefined {
  const [, bracketed, name, port] = SERVER.exec(text) ?? [];
  const host = bracketed ?? name;
  const number = port === undefined ? defaultPort : Number(port);
  return host === undefined || number === 0 || number > MAX_PORT ? undefined : { host, port: number };
}

/** undefined: the query says something else. */
function passwordOf(kind: StateUrl['kind'], query?: string): string | null | undefined {
  if (query === undefined) return null;
  const [, value] = /^sentinel_password=([^&]+)$/.exec(query) ?? [];
  return kind === 'sentinel' && value !== undefined ? decoded(value) : undefined;
}

function loginOf(text: string): StateLogin | undefined {
  const colon = text.indexOf(':');
  const user = decoded(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? '' : decoded(text.slice(colon + 1));
  return user === undefined || password === undefined ? undefined : { user, password };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
