// How a tunnel server is reached from this machine. Rule: where no hops are named, HTTPS_PROXY and its kin are gone through as every program does it, and NO_PROXY
// leaves them out; certificates are always verified.
import { formatHostPort } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { parseIp } from '../../core/ip.ts';
import { NoProxyList, parseNoProxyEntry, splitNoProxy } from '../../core/no-proxy.ts';
import { endpointOfUrl } from '../../services/chain/endpoint-of-url.ts';
import type { ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import type { ServerWay, ThroughHops } from '../../services/tunnel-client/reach-server.ts';
import { parseServerAddress, type ServerAddress } from '../../services/tunnel-client/server-address.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { TlsClient } from '../../transport/tls-client.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a SluiceError where the address, or that of the proxy, is none. */
export function serverWay(
  server: string,
  env: Environment,
  through: ThroughHops | 'environment' | null = 'environment',
): ServerWay {
  const address = parseServerAddress(server);
  const tls = new TlsClient({ alpn: ['http/1.1'] });
  const isOfEnvironment = through === 'environment';
  const proxies = isOfEnvironment ? proxiesOf(address, env) : [];
  return { server: address, proxies, chain: isOfEnvironment ? null : through, dns: new DnsCache(), tls };
}

function proxiesOf({ host, port, secure }: ServerAddress, env: Environment): ProxyEndpoint[] {
  const url = firstSet(env, secure ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'], [
    'ALL_PROXY',
    'all_proxy',
  ]);
  const isHere = host === 'localhost' || host.startsWith('127.') || host === '::1';
  if (url === null || isHere) return [];
  const entries = splitNoProxy(firstSet(env, ['NO_PROXY', 'no_proxy']) ?? '').flatMap(
    (entry) => parseNoProxyEntry(entry) ?? [],
  );
  if (new NoProxyList(entries).matches({ host, ip: parseIp(host) ?? null }, port)) return [];
  const whole = /^[a-z][a-z0-9]*:\/\//i.test(url) ? url : `http://${url}`;
  try {
    return [endpointOfUrl(whole, { hop: 'proxy of the environment', id: 'environment' })];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SluiceError('usage', {
      message: `The proxy to ${formatHostPort(host, port)} in the environment: ${why}`,
    });
  }
}

function firstSet(env: Environment, ...names: readonly (readonly string[])[]): string | null {
  return (
    names
      .flat()
      .map((name) => env[name] ?? '')
      .find((value) => value !== '') ?? null
  );
}
