import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tcpTunnelsSchema } from './tunnels-tcp.ts';
import { tunnelsSchema } from './tunnels.ts';

test('without a word nobody but this machine reaches TCP tunnels', () => {
  const { listen, proxy_protocol: version, allow } = tcpTunnelsSchema.parse({});
  assert.deepEqual([listen, version, allow], ['127.0.0.1', 'none', []]);
});

test('what cannot be is told', () => {
  for (const [tcp, expected] of [
    [{ listen: 'localhost' }, /expected an IP address/],
    [{ proxy_protocol: 'v3' }, /expected none, v1 or v2/],
    [{ allow: 'everybody' }, /expected an IP address or a network/],
    [{ ports_per_account: 0 }, /expected a whole number/],
  ] as const) {
    assert.throws(() => tcpTunnelsSchema.parse(tcp), expected);
  }
});

test('ports below 1024 are no ports of tunnels, and there may be none at all', () => {
  const ports = (tcp_ports: unknown) => tunnelsSchema.parse({ server: { tcp_ports } }).server.tcp_ports;
  assert.throws(() => ports('80-90'), /from 1024 on/);
  assert.throws(() => ports('3000-2000'), /from 1024 on/);
  assert.deepEqual([ports(false), ports(null), ports('3000-3010')], [null, null, { from: 3000, to: 3010 }]);
});
