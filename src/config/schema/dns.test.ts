import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnsSchema } from './dns.ts';

test('DNS servers are addresses, with a port where it is not the usual one', () => {
  assert.deepEqual(dnsSchema.parse(undefined), { servers: [] });
  const servers = ['10.0.0.2', 'fd00::2', '127.0.0.1:5353', '[fd00::2]:5353'];
  assert.deepEqual(dnsSchema.parse({ servers }), { servers });
  for (const wrong of ['dns.example', '10.0.0.2:0', 'unix:/run/dns', '']) {
    assert.throws(() => dnsSchema.parse({ servers: [wrong] }), /IP address of a DNS server/);
  }
});
