import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import { nameBelow, tunnelName, withoutZone } from './tunnel-name.ts';

test('the host of a request names the tunnel, and nothing else does', () => {
  const hosts = [
    'app.example.com',
    'a.b.example.com',
    'example.com',
    'xexample.com',
    '.example.com',
    '__proto__.example.com',
  ];
  assert.deepEqual(
    hosts.map((host) => nameBelow(host, 'example.com')),
    ['app', '-', 'example.com', 'xexample.com', '-', '-'],
  );
});

test('what a visitor says of themselves is taken out, and what a trusted proxy says goes along', () => {
  const told = (from: string, trusted: string[]): [string, string][] => {
    const fields = new Map([
      ['x-forwarded-for', '192.0.2.7'],
      ['x-forwarded-proto', 'HTTPS'],
      ['sluice-tunnel-visitor', '6.6.6.6'],
    ]);
    const view = {
      get: (name: string) => fields.get(name),
      getAll: (name: string) => [fields.get(name) ?? ''],
      set: (name: string, value: string) => fields.set(name, value),
      remove: (name: string) => fields.delete(name),
    };
    const exchange = { client: { address: from }, request: { host: 'app.test', fields: view } } as unknown as Exchange;
    void tunnelName({ name: 'app' }, new ClientAddress(trusted)).upstream?.(exchange);
    return [...fields].filter(([name]) => name.startsWith('sluice'));
  };
  assert.deepEqual(told('198.51.100.1', []), [['sluice-tunnel', 'app']]);
  assert.deepEqual(told('198.51.100.1', ['198.51.100.1']), [
    ['sluice-tunnel-visitor', '192.0.2.7'],
    ['sluice-tunnel-scheme', 'https'],
    ['sluice-tunnel', 'app'],
  ]);
});

test('a cookie for the domain of all tunnels, or for more, becomes one of this tunnel', () => {
  const cookies = [
    'a=1; Domain=example.com; Path=/',
    'a=1; domain = .Example.COM ;Secure',
    'a=1; Domain=com',
    'a=1; Domain=app.example.com',
    'a=1; Domain=xexample.com',
    'domain=example.com; Path=/',
  ];
  assert.deepEqual(
    cookies.map((cookie) => withoutZone(cookie, 'example.com')),
    ['a=1; Path=/', 'a=1;Secure', 'a=1', cookies[3], cookies[4], cookies[5]],
  );
});
