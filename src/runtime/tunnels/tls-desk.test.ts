import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { tlsSocketBeside, tlsUrlOf } from './tls-desk.ts';

test('the address of a tunnel of TLS has the port of the gateway', () => {
  const server = { enabled: true, tls_domain: 'tls.test' };
  assert.equal(
    tlsUrlOf(configOf({ gateway: { listen: ':8443' }, tunnels: { server } }), 'app'),
    'tls://app.tls.test:8443',
  );
  assert.equal(tlsUrlOf(configOf({ tunnels: { server } }), 'app'), 'tls://app.tls.test:443');
  assert.equal(tlsUrlOf(configOf({ tunnels: { server: { enabled: true } } }), 'app'), null);
  assert.equal(tlsSocketBeside('/tmp/x/tunnels.sock'), '/tmp/x/tls.sock');
});
