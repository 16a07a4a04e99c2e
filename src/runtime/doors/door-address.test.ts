import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { configuredDoors, doorAddress } from './door-address.ts';

test('the address of a door is read with and without a scheme, and with any kind of host', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['http://127.0.0.1:8080', '127.0.0.1', 8080],
    ['https://localhost:8443', 'localhost', 8443],
    ['http://[::1]:8080', '::1', 8080],
    [':8080', '', 8080],
    ['8080', '', 8080],
  ] as const) {
    assert.deepEqual(doorAddress(text), [{ host, port }], text);
  }
});

test('a unix socket and a port that is not known yet are no addresses', () => {
  for (const text of ['unix:/run/sluice.sock', '127.0.0.1:0', 'http://127.0.0.1:0']) {
    assert.deepEqual(doorAddress(text), [], text);
  }
});

test('all doors of a configuration count, also those that are not ours to open', () => {
  const config = configOf({
    gateway: { listen: ['127.0.0.1:1', 'unix:/run/x'] },
    egress: { listen: ['127.0.0.1:2', '127.0.0.1:0'] },
  });
  const all = { ...config, admin: { ...config.admin, listen: ':3' }, metrics: { ...config.metrics, listen: null } };
  assert.deepEqual(
    configuredDoors(all).map(({ host, port }) => `${host}:${port}`),
    ['127.0.0.1:1', '127.0.0.1:2', ':3'],
  );
  const tunnels = { ...config.tunnels, server: { ...config.tunnels.server, enabled: true, listen: '127.0.0.1:4' } };
  assert.deepEqual(configuredDoors({ ...all, tunnels }).at(-1), { host: '127.0.0.1', port: 4 });
});
