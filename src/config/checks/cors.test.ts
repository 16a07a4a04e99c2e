import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../schema/document.ts';
import { checkCors } from './cors.ts';

test('a route that is shared with other origins takes what browsers ask first', () => {
  const policies = { headers: { cors: { origins: ['*'] } } };
  const to = 'http://a';
  const routes = [
    { match: { path: '/a', method: ['PUT'] }, to, policies },
    { match: { path: '/b', method: ['PUT', 'OPTIONS'] }, to, policies },
    { match: { path: '/c' }, to, policies },
    { match: { path: '/d', method: 'PUT' }, to, policies: { headers: {} } },
    { match: { path: '/e', method: 'PUT' }, to },
  ];
  const findings = checkCors({ config: documentSchema.parse({ gateway: { routes } }), isWritten: () => true });
  assert.deepEqual(
    findings.map(({ path }) => path),
    [['gateway', 'routes', 0, 'match', 'method']],
  );
});
