import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendsAt } from '../../config/schema/targets.ts';
import { ControlGuard } from '../../services/rules/control-guard.ts';
import { controlRefusal } from './explain-control.ts';

const guard = new ControlGuard();
guard.replace([{ host: '127.0.0.1', port: 8889 }], ['/run/admin.sock']);

test('a route whose every backend is a door of the control plane is refused, in any spelling', () => {
  for (const url of [
    'http://127.0.0.1:8889',
    'http://localhost:8889',
    'http://2130706433:8889',
    'unix:/run/admin.sock',
  ])
    assert.equal(controlRefusal(backendsAt(url), guard)?.code, 'destination_denied', url);
});

test('one that has another backend, or is behind a proxy, is not', () => {
  const denied = backendsAt('http://127.0.0.1:8889');
  assert.equal(controlRefusal(backendsAt('http://127.0.0.1:8890'), guard), null);
  assert.equal(controlRefusal({ ...denied, via: ['corporate'] }, guard), null);
  const [one] = denied.backends;
  assert.ok(one);
  assert.equal(controlRefusal({ ...denied, backends: [one, { ...one, url: 'http://10.0.0.1' }] }, guard), null);
});
