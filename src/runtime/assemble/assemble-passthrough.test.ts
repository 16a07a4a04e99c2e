import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { passRoutes } from './assemble-passthrough.ts';

test('TLS goes where the configuration says, and names of tunnels of TLS to the tunnels', () => {
  const passthrough = [
    { host: 'db.test', to: '10.0.0.5:5433' },
    { host: 'sock.test', to: 'unix:/run/a.sock' },
    { host: 'own.test', to: { tunnel: 'App' } },
  ];
  const server = { enabled: true, tls_domain: 'tls.test' };
  const routes = passRoutes(configOf({ gateway: { passthrough }, tunnels: { server } }));
  const to = (name: string) => routes.find(name)?.to;
  assert.deepEqual(to('db.test'), { kind: 'address', host: '10.0.0.5', port: 5433, path: null });
  assert.deepEqual(to('sock.test'), { kind: 'address', host: 'unix', port: 0, path: '/run/a.sock' });
  assert.deepEqual(to('own.test'), { kind: 'tunnel', name: 'app' });
  assert.deepEqual(to('x.tls.test'), { kind: 'tunnel', name: 'x' });
  assert.equal(to('other.test'), undefined);
  assert.ok(passRoutes(configOf({})).isEmpty);
});
