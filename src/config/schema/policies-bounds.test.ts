import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsPolicy, timeoutPolicy } from './policies-bounds.ts';

test('what is not said is left to what holds everywhere', () => {
  const nothing = { url: null, headers: null, header_count: null, body: null, methods: [], concurrent: null };
  assert.deepEqual(limitsPolicy.parse({}), nothing);
  const never = { connect: null, response: null, read: null, tunnel_idle: null, total: null };
  assert.deepEqual(timeoutPolicy.parse({}), never);
});

test('sizes, methods and times are read as everywhere', () => {
  const { body, methods } = limitsPolicy.parse({ body: '2GiB', methods: 'get' });
  assert.deepEqual([body, methods], [2 ** 31, ['GET']]);
  assert.equal(timeoutPolicy.parse({ total: '1h' }).total, 3_600_000);
  for (const wrong of [{ methods: ['G E T'] }, { concurrent: 0 }, { body: '5 apples' }, { sizes: 1 }]) {
    assert.equal(limitsPolicy.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
  for (const wrong of [{ total: 5 }, { read: '0s' }, { write: '5s' }]) {
    assert.equal(timeoutPolicy.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});
