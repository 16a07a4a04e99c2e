import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tunnelClient } from './tunnel-client.ts';

test('a tunnel needs a name and a port, and nothing else', () => {
  const { server, via, tunnels } = tunnelClient.parse({ tunnels: [{ name: 'web', local_port: 3000 }] });
  const [tunnel] = tunnels;
  assert.deepEqual([server, via], ['localhost:6400', null]);
  assert.deepEqual(
    [tunnel?.local_host, tunnel?.host_header, tunnel?.allow, tunnel?.request_headers],
    ['127.0.0.1', 'local', [], {}],
  );
});

test('what visitors and answers get can be changed', () => {
  const tunnel = { name: 'web', local_port: 3000, allow: '10.0.0.0/8', request_headers: { 'X-A': 'b', 'X-C': null } };
  const parsed = tunnelClient.parse({ via: 'direct', tunnels: [tunnel] });
  assert.deepEqual([parsed.via, parsed.tunnels[0]?.allow], [[], ['10.0.0.0/8']]);
  for (const wrong of [
    { allow: 'ten' },
    { request_headers: { 'X A': 'b' } },
    { response_headers: { 'X-A': 'b\r\n' } },
  ]) {
    assert.ok(!tunnelClient.safeParse({ tunnels: [{ ...tunnel, ...wrong }] }).success, JSON.stringify(wrong));
  }
});

test('checks of the local server have defaults of their own, and are off unless they are wanted', () => {
  const healthOf = (more: object) => tunnelClient.safeParse({ tunnels: [{ name: 'web', local_port: 3000, ...more }] });
  assert.equal(healthOf({}).data?.tunnels[0]?.health, null);
  const usual = { path: null, interval: 10_000, timeout: 2000, unhealthy_after: 3, healthy_after: 1 };
  assert.deepEqual(healthOf({ health: {} }).data?.tunnels[0]?.health, usual);
  for (const wrong of [
    { path: 'healthz' },
    { path: '/a b' },
    { interval: '1ms' },
    { unhealthy_after: 0 },
    { url: '/' },
  ])
    assert.ok(!healthOf({ health: wrong }).success, JSON.stringify(wrong));
});
