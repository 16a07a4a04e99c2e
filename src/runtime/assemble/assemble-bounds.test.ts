import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { engineTimeouts, limitsOf, timeoutOf } from './assemble-bounds.ts';

const timeouts = { connect: '1s', headers: '2s', read: '3s', write: '4s', idle: '5s', tunnel_idle: '6s' };

test('a timeout that is not said is that of all doors', () => {
  const config = configOf({ timeouts, policies: { timeout: { response: '7s', total: '8s' } } });
  const policy = config.policies.timeout;
  assert.ok(policy);
  const everywhere = engineTimeouts(config);
  assert.deepEqual(timeoutOf(policy, config).bounds?.timeouts, { ...everywhere, responseMs: 7000, totalMs: 8000 });
  const others = configOf({ timeouts, policies: { timeout: { connect: '1h', read: '2h', tunnel_idle: '3h' } } });
  const { timeout } = others.policies;
  assert.ok(timeout);
  const [connectMs, readMs, tunnelIdleMs] = [3_600_000, 7_200_000, 10_800_000];
  const expected = { ...everywhere, connectMs, readMs, tunnelIdleMs };
  assert.deepEqual(timeoutOf(timeout, others).bounds?.timeouts, expected);
});

test('requests that run are counted only where they are limited', () => {
  const counted = { running: new RunningTable({ capacity: 8 }), scope: 'x', client: new ClientAddress([]) };
  const phasesOf = (limits: object): string[] => {
    const policy = configOf({ policies: { limits } }).policies.limits;
    assert.ok(policy);
    return Object.keys(limitsOf(policy, counted, true));
  };
  assert.deepEqual(phasesOf({ body: '1MiB' }), ['name', 'bounds', 'foresee']);
  assert.deepEqual(phasesOf({ concurrent: 1 }), ['name', 'request', 'done']);
});
