import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpRange } from '../../core/ip.ts';
import { refuseVisit, refuseVisitor } from './visitor-gate.ts';

test('a visitor comes in with the right password, and from an allowed network by the address that the server saw', () => {
  const range = parseIpRange('10.0.0.0/8');
  assert.ok(range !== undefined);
  const tunnel = { name: 'app', auth: 'a:b', allow: [range] };
  const basic = ['Authorization', `Basic ${Buffer.from('a:b').toString('base64')}`] as const;
  const status = (address: string, ...more: (readonly [string, string])[]) =>
    refuseVisitor([['X-Forwarded-For', address], ...more], tunnel)?.status ?? 200;
  assert.equal(status('10.1.1.1', basic), 200);
  assert.equal(status('10.1.1.1'), 401);
  assert.equal(status('10.1.1.1', ['Authorization', 'Basic YTpj']), 401);
  assert.equal(status('10.1.1.1, 192.0.2.1', basic), 403);
  assert.equal(status('', basic), 403);
});

test('while the local server fails its checks only those who may come in are told', () => {
  const health = { path: null, intervalMs: 10_000, timeoutMs: 1, unhealthyAfter: 1, healthyAfter: 1 };
  const visit = { open: { headers: [] }, tunnel: { name: 'app', auth: null, allow: [], health }, isUnhealthy: true };
  const told = refuseVisit(visit);
  assert.deepEqual([told?.status, new Map(told?.headers).get('Retry-After')], [503, '10']);
  assert.equal(refuseVisit({ ...visit, tunnel: { ...visit.tunnel, auth: 'a:b' } })?.status, 401);
  assert.equal(refuseVisit({ ...visit, isUnhealthy: false }), null);
});
