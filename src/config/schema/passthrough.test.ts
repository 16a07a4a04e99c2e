import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passWay } from './passthrough.ts';

test('a way leads from names to an address or a tunnel', () => {
  const [address, tunnel] = [
    { host: 'DB.example.com', to: '10.0.0.5:443' },
    { host: ['*.a.test', 'b.test'], to: { tunnel: 'app' }, allow: '10.0.0.0/8' },
  ].map((way) => passWay.parse(way));
  assert.deepEqual(address, { host: ['db.example.com'], to: '10.0.0.5:443', proxy_protocol: 'none', allow: [] });
  assert.deepEqual(
    [tunnel?.host, tunnel?.to, tunnel?.allow],
    [['*.a.test', 'b.test'], { tunnel: 'app' }, ['10.0.0.0/8']],
  );
});

test('what is no place is told', () => {
  assert.throws(() => passWay.parse({ host: 'a.test', to: 'b.test' }), /the port is missing/);
  assert.throws(() => passWay.parse({ host: 'a.test', to: 5 }), /expected an address such as/);
  assert.throws(() => passWay.parse({ to: 'b.test:1' }), /host/);
});
