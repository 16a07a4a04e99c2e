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
