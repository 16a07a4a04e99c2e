import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { egressSchema, hopChain } from './egress.ts';

describe('egress', () => {
  test('listens on one address, several, or none', () => {
    const listen = [undefined, 1080, ['127.0.0.1:1', ':2'], null, []].map(
      (value) => egressSchema.parse({ listen: value }).listen,
    );
    assert.deepEqual(listen, [['127.0.0.1:8888'], ['127.0.0.1:1080'], ['127.0.0.1:1', ':2'], [], []]);
  });

  test('has rules with lists, whatever was written', () => {
    const rules = [
      { match: { host: 'A.example', port: 25 }, via: 'direct' },
      { match: { host: ['10.0.0.0/8', '*.b.example'] }, via: ['one', 'two'] },
      { action: 'deny' },
    ];
    assert.deepEqual(egressSchema.parse({ rules }).rules, [
      { match: { host: ['a.example'], port: [25] }, via: [], action: 'allow' },
      { match: { host: ['10.0.0.0/8', '*.b.example'], port: [] }, via: ['one', 'two'], action: 'allow' },
      { match: { host: [], port: [] }, via: null, action: 'deny' },
    ]);
  });

  test('refuses a rule that denies and goes somewhere', () => {
    assert.ok(!egressSchema.safeParse({ rules: [{ via: 'direct', action: 'deny' }] }).success);
  });

  test('names sessions by something with an id in it', () => {
    assert.ok(!egressSchema.safeParse({ sticky: { username: 'session' } }).success);
  });

  test('decides about private addresses, or leaves it to the door', () => {
    const values = [undefined, true, false].map((value) => egressSchema.parse({ allow_private: value }).allow_private);
    assert.deepEqual(values, ['auto', true, false]);
    assert.ok(!egressSchema.safeParse({ allow_private: 'yes' }).success);
  });
});

test('a chain is a name, a list of names, or direct, which stands alone', () => {
  assert.deepEqual(
    ['a', ['a', 'b'], [], 'direct', ['direct']].map((value) => hopChain().parse(value)),
    [['a'], ['a', 'b'], [], [], []],
  );
  assert.ok(!hopChain().safeParse(['a', 'direct']).success);
});
