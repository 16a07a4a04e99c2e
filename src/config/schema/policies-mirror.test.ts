import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mirrorPolicy } from './policies-mirror.ts';
import { backendsAt } from './targets.ts';

test('a mirror is a URL, of all requests with bodies of up to a megabyte', () => {
  const expected = { share: 1, max_body: 2 ** 20, concurrent: 100, timeout: 10_000 };
  assert.deepEqual(mirrorPolicy.parse({ to: 'http://a:1' }), { ...expected, to: backendsAt('http://a:1') });
});

test('or a map with backends, without what is of use only where answers count', () => {
  const backends = ['http://a:1', 'http://b:1'];
  assert.equal(mirrorPolicy.parse({ to: { backends, strategy: 'random' }, share: '10%' }).share, 0.1);
  for (const wrong of [{ health: { path: '/' } }, { sticky: { cookie: 'a' } }, { via: ['hop'] }]) {
    assert.equal(mirrorPolicy.safeParse({ to: { backends, ...wrong } }).success, false, JSON.stringify(wrong));
  }
  for (const wrong of [
    {},
    { to: { redirect: '/' } },
    { to: 'http://a', share: '110%' },
    { to: 'http://a', every: 5 },
  ]) {
    assert.equal(mirrorPolicy.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
