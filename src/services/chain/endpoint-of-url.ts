// Makes an endpoint of the URL of a proxy. Rule: what a proxy of that kind cannot do is refused here, when the configuration
// is loaded, and not when the first client asks.
import { SluiceError } from '../../core/errors.ts';
import { parseProxyUrl, type ProxyScheme } from '../../core/proxy-url.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import type { HopAuthScheme, ProxyEndpoint } from './proxy-endpoint.ts';

export interface EndpointOptions {
  readonly hop: string;
  readonly id: string;
  readonly auth?: HopAuthScheme | null;
  /** How to speak TLS with an `https` proxy; without it, as with any server. */
  readonly tls?: TlsClient | null;
  readonly localDns?: boolean;
  readonly handshakeTimeoutMs?: number | null;
  readonly budgetMs?: number | null;
}

/** A proxy might prefer HTTP/2, which we do not speak with it. */
export const PROXY_ALPN: readonly string[] = ['http/1.1'];

/** Throws a SluiceError that says what is wrong and quotes no credentials. */
export function endpointOfUrl(url: string, options: EndpointOptions): ProxyEndpoint {
  const parsed = parseProxyUrl(url);
  if ('fault' in parsed) throw invalid(options, parsed.fault);
  const { scheme, host, port, username, password } = parsed;
  const auth = options.auth ?? null;
  const fault = faultOfAuth(scheme, auth, username);
  if (fault !== undefined) throw invalid(options, fault);
  const tls = scheme === 'https' ? (options.tls ?? new TlsClient({ alpn: PROXY_ALPN })) : null;
  const { hop, id, localDns = false, handshakeTimeoutMs = null, budgetMs = null } = options;
  const own = { localDns, handshakeTimeoutMs, budgetMs };
  return { hop, id, protocol: scheme, host, port, username, password, auth, tls, ...own };
}

function faultOfAuth(scheme: ProxyScheme, auth: HopAuthScheme | null, username: string | null): string | undefined {
  if (auth === null) return undefined;
  if (username === null) return `auth: ${auth} needs a user name in the URL`;
  const isHttp = scheme === 'http' || scheme === 'https';
  return isHttp || auth === 'basic' ? undefined : `auth: ${auth} is for proxies that speak HTTP`;
}

function invalid({ hop, id }: EndpointOptions, fault: string): SluiceError {
  const name = id === hop ? hop : `${hop}/${id}`;
  return new SluiceError('config_invalid', { message: `the proxy ${name}: ${fault}` });
}
