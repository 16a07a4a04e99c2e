import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfiguredDns } from './configured-dns.ts';

test('what is remembered of names is kept as long as the same servers are asked', () => {
  const configured = new ConfiguredDns();
  const first = configured.of({ dns: { servers: [] } });
  assert.equal(configured.of({ dns: { servers: [] } }), first);
  const other = configured.of({ dns: { servers: ['127.0.0.1:5353'] } });
  assert.notEqual(other, first);
  assert.equal(configured.of({ dns: { servers: ['127.0.0.1:5353'] } }), other);
});
