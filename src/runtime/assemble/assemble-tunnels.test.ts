import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { tunnelMatch, wayToTunnel } from './assemble-tunnels.ts';

test('hosts below the domain lead to tunnels while the server is on', () => {
  const server = { enabled: true, domain: 'example.test' };
  assert.equal(tunnelMatch(configOf({})), null);
  assert.deepEqual(tunnelMatch(configOf({ tunnels: { server } }))?.hosts, ['*.example.test']);
});

test('an app may be silent within its answer for as long as a tunnel may', () => {
  const off = wayToTunnel(configOf({}), { tunnelSocket: '/x' }, { name: 'app' });
  assert.deepEqual([off.before, off.spec.target.kind], [[], 'answer']);
  const tunnels = { server: { enabled: true } };
  const config = configOf({ tunnels, timeouts: { read: '1s', tunnel_idle: '5m' } });
  const { before, spec } = wayToTunnel(config, { tunnelSocket: '/x' }, { name: 'app' });
  assert.deepEqual([before[0]?.bounds?.timeouts?.readMs, before[0]?.bounds?.halfIsGone], [300_000, true]);
  assert.equal(spec.target.kind, 'forward');
});
