import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seenRequest } from '../../test/support/seen-request.ts';
import { fits, type RequestFilter } from './request-filter.ts';

const SEEN = seenRequest({
  status: 502,
  error: 'upstream_unreachable',
  user: 'ann',
  exit: 'exits/fr-1',
  target: '/Shop?a=1',
  durationMs: 30,
});

test('a request is wanted when all that is named fits', () => {
  const fitting: RequestFilter[] = [
    {},
    { door: 'gateway', route: 'app', method: 'get', user: 'ann', job: 'gateway' },
    { status: '502' },
    { status: '5xx', error: 'any', minMs: 30 },
    { error: 'upstream_unreachable', host: 'APP', upstream: 'fr-1' },
    { upstream: '10.0.0.1' },
    { text: 'get app.test/shop' },
    { text: '192.0.2' },
  ];
  for (const filter of fitting) assert.ok(fits(SEEN, filter), JSON.stringify(filter));
});

test('a request is not wanted when anything that is named does not fit', () => {
  const missing: RequestFilter[] = [
    { door: 'egress' },
    { job: 'ai' },
    { route: 'ap' },
    { method: 'POST' },
    { user: '' },
    { status: '4xx' },
    { status: '500' },
    { error: 'internal' },
    { host: 'other' },
    { upstream: 'de-1' },
    { minMs: 31 },
    { text: 'nowhere' },
  ];
  for (const filter of missing) assert.ok(!fits(SEEN, filter), JSON.stringify(filter));
  assert.ok(!fits(seenRequest(), { error: 'any' }));
});
