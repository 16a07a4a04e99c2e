import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendsAt } from '../../config/schema/targets.ts';
import { rewritePolicies } from './assemble-rewrites.ts';

test('a route pays only for what it changes', () => {
  const names = (to: object, url = 'http://a:1'): string[] =>
    rewritePolicies({ ...backendsAt(url), ...to }, '/api/*').map(({ name }) => name);
  assert.deepEqual(names({}), []);
  assert.deepEqual(names({}, 'http://a:1/app'), ['way back']);
  assert.deepEqual(names({ host: 'backend' }), ['way back']);
  assert.deepEqual(names({ rewrite: '/{rest}' }), ['rewrite', 'way back']);
});
