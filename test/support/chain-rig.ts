// What tests of chains need: endpoints for fake proxies, one way to dial through them, groups of them, and what came of it.
// Rule: a test that expects a failure closes what connected all the same.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { GroupOptions } from '../../src/services/balance/group-rules.ts';
import { Group } from '../../src/services/balance/group.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import type { ChainAsk, ChainFailure, ChainLink, Destination } from '../../src/services/chain/chain-link.ts';
import { Chain } from '../../src/services/chain/chain.ts';
import { type ChainDialOptions, dialChain, type DialledChain } from '../../src/services/chain/dial-chain.ts';
import type { HopFailure } from '../../src/services/chain/hop-fault.ts';
import type { ProxyEndpoint } from '../../src/services/chain/proxy-endpoint.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { TlsClient } from '../../src/transport/tls-client.ts';
import { CertificateAuthority, type IssuedCertificate } from './certificate-authority.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const DESTINATION: Destination = { host: 'origin.example', port: 443 };
export const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Knows one name, with an address of each family. */
const dns = new DnsCache({
  resolve(host, done) {
    const both = [
      { address: '::1', family: 6 },
      { address: '10.0.0.4', family: 4 },
    ] as const;
    if (host === 'four.example') done(null, both);
    else done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
  },
});
const OPTIONS: ChainDialOptions = { dns, connectTimeoutMs: 20_000, handshakeTimeoutMs: 20_000, budgetMs: 40_000 };

export function endpointAt(port: number, more: Partial<ProxyEndpoint> = {}): ProxyEndpoint {
  return {
    hop: 'exits',
    id: `p${port}`,
    protocol: 'http',
    host: '127.0.0.1',
    port,
    username: null,
    password: null,
    auth: null,
    tls: null,
    localDns: false,
    handshakeTimeoutMs: null,
    budgetMs: null,
    ...more,
  };
}

/** A proxy's certificate, and a client that trusts it. */
export function proxyTls(t: TestContext): { certificate: IssuedCertificate; client: () => TlsClient } {
  const authority = new CertificateAuthority(temporaryFolder(t));
  const ca = { name: 'ca', pem: authority.certificate.cert };
  const certificate = authority.issue('proxy', 'DNS:proxy.example', 'IP:127.0.0.1');
  return { certificate, client: () => new TlsClient({ ca, alpn: ['http/1.1'] }) };
}

export function connect(
  endpoints: readonly ProxyEndpoint[],
  destination: Destination | null = DESTINATION,
  options: Partial<ChainDialOptions> = {},
): Promise<DialledChain> {
  return new Promise((resolve, reject) => {
    dialChain(endpoints, destination, { ...OPTIONS, ...options }, { onConnected: resolve, onFailed: reject });
  });
}

export async function failure(
  endpoints: readonly ProxyEndpoint[],
  options: Partial<ChainDialOptions> = {},
  destination: Destination | null = DESTINATION,
): Promise<HopFailure> {
  return connect(endpoints, destination, options).then(
    ({ connection }) => {
      connection.destroy('done');
      return assert.fail('it connected');
    },
    (failed: HopFailure) => failed,
  );
}

/** Dials and gives up as soon as `isTime` says so; nothing may come of it. */
export async function giveUp(endpoints: readonly ProxyEndpoint[], isTime: () => boolean): Promise<void> {
  const handler = { onConnected: () => assert.fail(), onFailed: () => assert.fail() };
  const dialling = dialChain(endpoints, DESTINATION, OPTIONS, handler);
  await until(isTime);
  dialling.cancel();
}

export async function until(isTime: () => boolean): Promise<void> {
  while (!isTime()) await new Promise((next) => setImmediate(next));
}

/** Sends and returns the first `size` bytes that come, what was left over included; then closes. */
export function exchange(
  { connection, leftover }: Pick<DialledChain, 'connection' | 'leftover'>,
  text: string,
  size: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = leftover.toString('latin1');
    const take = (): void => {
      if (received.length < size) return;
      connection.destroy('done');
      resolve(received);
    };
    connection.handler = {
      onData(bytes, from, to) {
        received += bytes.toString('latin1', from, to);
        take();
      },
      onHalfClose: () => reject(new Error(`ended after ${received}`)),
      onDrain() {},
      onClose: (reason) => reject(new Error(reason)),
    };
    connection.resume();
    connection.write(Buffer.from(text), 0, text.length);
    take();
  });
}

export type Exits = Group<ProxyEndpoint>;

/** A group of endpoints; the first one is in France. */
export function groupOf(name: string, endpoints: readonly ProxyEndpoint[], options: Partial<GroupOptions> = {}): Exits {
  const members = endpoints.map((data, index) => ({
    id: `${name}-${index}`,
    data: { ...data, hop: name, id: `${name}-${index}` },
    tags: { country: index === 0 ? 'fr' : 'de' },
  }));
  const breaker = { failures: 2, successes: 1, openForMs: 30_000 };
  const table = new MemberTable({ capacity: 16 });
  return new Group({ name, table, members, options: { strategy: 'round_robin', breaker, ...options } });
}

/** The same of HTTP proxies on these ports. */
export function group(name: string, ports: readonly number[]): Exits {
  return groupOf(
    name,
    ports.map((port) => endpointAt(port)),
  );
}

export function chain(groups: readonly Exits[], more: Partial<Chain['options']> = {}): Chain {
  return new Chain({
    ...OPTIONS,
    name: 'test',
    groups,
    attempts: 3,
    retryOnStatus: [502, 503, 504],
    ...more,
  });
}

/** Picks in the order of the members, so that a test knows who comes first. */
export const IN_ORDER: Partial<ChainAsk> = {
  choose: ({ members }, tried) => members.find((member) => !tried.has(member)) ?? null,
};

export type Outcome =
  | { readonly link: ChainLink; readonly failure: null }
  | { readonly link: null; readonly failure: ChainFailure };

/** What connected has been closed and released when this resolves. */
export function dial(
  through: Chain,
  ask: Partial<ChainAsk> = {},
  destination: Destination | null = DESTINATION,
): Promise<Outcome> {
  return new Promise((resolve) => {
    through.dial(
      destination,
      { key: null, tags: null, ...ask },
      {
        onConnected: (link) => {
          link.connection.destroy('done');
          link.release({ bytesSent: 1, bytesReceived: 2, wasReset: false });
          resolve({ link, failure: null });
        },
        onFailed: (failed) => resolve({ link: null, failure: failed }),
      },
    );
  });
}

export async function chainFailure(through: Chain, ask: Partial<ChainAsk> = {}): Promise<ChainFailure> {
  const outcome = await dial(through, ask);
  return outcome.failure ?? assert.fail('it connected');
}

export async function link(through: Chain, ask: Partial<ChainAsk> = {}): Promise<ChainLink> {
  const outcome = await dial(through, ask);
  return outcome.link ?? assert.fail(outcome.failure.error.message);
}

export const exitOf = ({ hops }: ChainLink): string => hops.at(-1)?.member.id ?? '';
export const breakersOf = (of: Exits): string[] => of.members.map((member) => member.state().breaker);
export const failuresOf = (of: Exits): number[] => of.members.map((member) => member.state().failures);

/** Nothing that was begun is still open. */
export function assertIdle(...groups: readonly Exits[]): void {
  for (const { active } of groups.flatMap(({ members }) => members)) assert.equal(active, 0);
}
