import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMsgpack } from '../../codec/msgpack/read-msgpack.ts';
import type { SessionHost } from './session-host.ts';
import { type OpenerSeat, type TunnelCreate, TunnelOpener } from './tunnel-opener.ts';
import { TunnelRegistry } from './tunnel-registry.ts';

const WISH: TunnelCreate = {
  type: 'TunnelCreate',
  protocol: 'http',
  subdomain: null,
  path: null,
  hostname: null,
  remotePort: null,
  proxyProtocol: null,
  allow: null,
  group: false,
};

/** What the client of an account hears, one after the other. */
function opener(registry: TunnelRegistry, account: string): (wish: Partial<TunnelCreate>) => string {
  const told: ReadonlyMap<string, string>[] = [];
  const seat = {
    account,
    isOpen: true,
    names: new Set<string>(),
    tlsTunnels: new Map(),
    tell: (bytes: Buffer) => told.push(readMsgpack(bytes) as ReadonlyMap<string, string>),
    settleLater: () => {},
    replaced: () => {},
  } as unknown as OpenerSeat;
  const host = { registry, note: () => {}, urlOf: (name: string) => `http://${name}.test`, tlsUrlOf: () => null };
  const it = new TunnelOpener(host as unknown as SessionHost, seat);
  return (wish) => {
    it.create({ ...WISH, ...wish });
    const said = told.at(-1);
    return ['code', 'url', 'path'].flatMap((key) => said?.get(key) ?? []).join(' ');
  };
}

test('an id that is asked for as a path is a name, which is told as a path', () => {
  const registry = new TunnelRegistry({ now: () => 0, limitsOf: () => ({ tunnels: 2, clients: 9 }) });
  const [ann, bob] = [opener(registry, 'ann'), opener(registry, 'bob')];
  assert.match(ann({ path: '' }), /^http:\/\/(t\w{10})\.test \1$/);
  assert.equal(ann({ path: '/My-App/' }), 'http://my-app.test my-app');
  assert.equal(ann({ path: '' }), 'PATH_LIMIT');
  assert.equal(bob({ path: 'my-app' }), 'PATH_TAKEN');
  assert.equal(bob({ path: 'a/b' }), 'INVALID_PATH');
  assert.equal(bob({ path: 'admin' }), 'INVALID_PATH');
  assert.equal(bob({ subdomain: 'second' }), 'http://second.test');
});

test('what the server does not have is refused', () => {
  const registry = new TunnelRegistry({ now: () => 0, limitsOf: () => ({ tunnels: 2, clients: 9 }) });
  const ann = opener(registry, 'ann');
  assert.deepEqual([ann({ protocol: 'udp' }), ann({ protocol: 'tls' })], Array(2).fill('UNSUPPORTED_PROTOCOL'));
});

test('answers keep their order while other nodes are asked, and a name that another account has there is refused', async () => {
  const registry = new TunnelRegistry({ now: () => 0, limitsOf: () => ({ tunnels: 9, clients: 9 }) });
  const asked = new Map<string, (isOurs: boolean) => void>();
  const told: string[] = [];
  let isHeld = false;
  const seat = {
    account: 'ann',
    isOpen: true,
    names: new Set<string>(),
    tlsTunnels: new Map(),
    tell: (bytes: Buffer) => {
      const said = readMsgpack(bytes) as ReadonlyMap<string, string>;
      told.push(said.get('url') ?? said.get('code') ?? '');
    },
    settleLater: () => {},
    holdStreams: () => (isHeld = true),
    letStreamsGo: () => (isHeld = false),
  } as unknown as OpenerSeat;
  const confirm = (name: string): Promise<boolean> => new Promise((resolve) => asked.set(name, resolve));
  const host = { registry, confirm, note: () => {}, urlOf: (name: string) => name, tlsUrlOf: () => null };
  const opener = new TunnelOpener(host as unknown as SessionHost, seat);
  for (const subdomain of ['one', 'admin', 'two']) opener.create({ ...WISH, subdomain });
  asked.get('two')?.(true);
  assert.deepEqual([told, isHeld], [[], true]);
  asked.get('one')?.(false);
  await new Promise(setImmediate);
  assert.deepEqual([told, isHeld], [['SUBDOMAIN_UNAVAILABLE', 'SUBDOMAIN_UNAVAILABLE', 'two'], false]);
});
