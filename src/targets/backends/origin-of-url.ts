// An origin from the URL that the configuration gives. Rule: the scheme says what is spoken: http, https and unix HTTP/1.1, h2c
// HTTP/2 in the clear.
import type { Origin, OriginTls } from '../../contract/target.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'h2c:': 80 };

const UNIX = 'unix:';

const NO_TLS_SETTINGS: OriginTls = { serverName: null, ca: null, certificate: null, verify: true };

export interface OriginSettings {
  readonly tls?: OriginTls | null;
  /** Speak HTTP/2 where there is TLS. */
  readonly http2?: boolean;
  readonly proxyProtocol?: 1 | 2 | null;
  /** What the backend is told that it is asked for: what the client says, its own name, or another one. */
  readonly host?: string;
  readonly maxConnections?: number | null;
}

/** As in the configuration. */
export const KEEP_HOST = 'keep';
const OWN_HOST = 'backend';

export function originOfUrl(url: string, settings: OriginSettings = {}): Origin {
  return url.startsWith(UNIX) ? originAtSocket(url, settings) : originAtUrl(url, settings);
}

/** Named by the socket; in a request that names nobody it is asked for as this machine. */
function originAtSocket(url: string, settings: OriginSettings): Origin {
  return { ...originAtUrl('http://localhost', settings), name: url, label: url, path: url.slice(UNIX.length) };
}

function originAtUrl(
  url: string,
  { tls, http2 = false, proxyProtocol = null, maxConnections, host: asked = KEEP_HOST }: OriginSettings,
): Origin {
  // h2c is no scheme that URL knows how to take apart.
  const parsed = new URL(url.replace(/^h2c:/, 'http:'));
  const scheme = url.startsWith('h2c:') ? 'h2c:' : parsed.protocol;
  const port = parsed.port === '' ? (DEFAULT_PORTS[scheme] ?? 80) : Number(parsed.port);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const name = `${scheme}//${parsed.host}`;
  return {
    name,
    label: name,
    host,
    port,
    path: null,
    address: null,
    tls: scheme === 'https:' ? (tls ?? NO_TLS_SETTINGS) : null,
    hostField: asked === KEEP_HOST ? null : asked === OWN_HOST ? parsed.host : asked,
    protocol: scheme === 'h2c:' || (scheme === 'https:' && http2) ? 'http2' : 'http1',
    pathPrefix: parsed.pathname.replace(/\/$/, ''),
    maxConnections: maxConnections ?? 0,
    proxyProtocol,
    dialler: null,
    isProxy: false,
  };
}
