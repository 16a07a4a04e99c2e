import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { egressSchema } from './egress.ts';

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
      { match: { user: 'jo' }, tags: { country: 'fr', tier: 1 } },
      { action: 'deny' },
    ];
    const none = { host: [], port: [], user: [] };
    assert.deepEqual(egressSchema.parse({ rules }).rules, [
      { match: { ...none, host: ['a.example'], port: [25] }, via: [], tags: {}, action: 'allow' },
      { match: { ...none, host: ['10.0.0.0/8', '*.b.example'] }, via: ['one', 'two'], tags: {}, action: 'allow' },
      { match: { ...none, user: ['jo'] }, via: null, tags: { country: 'fr', tier: '1' }, action: 'allow' },
      { match: none, via: null, tags: {}, action: 'deny' },
    ]);
  });

  test('refuses a rule that denies and goes somewhere', () => {
    assert.ok(!egressSchema.safeParse({ rules: [{ via: 'direct', action: 'deny' }] }).success);
  });

  test('refuses tags in a rule that goes through no proxy', () => {
    for (const rest of [{ via: 'direct' }, { action: 'deny' }]) {
      assert.ok(!egressSchema.safeParse({ rules: [{ tags: { a: 'b' }, ...rest }] }).success);
    }
  });

  test('takes NO_PROXY as a list or as the text of the variable', () => {
    const read = (value: unknown) => egressSchema.safeParse({ no_proxy: value }).data?.no_proxy;
    const expected = ['localhost', '.corp.example', '10.0.0.0/8', '[::1]:80'];
    assert.deepEqual(read(expected), expected);
    assert.deepEqual(read(' localhost,.corp.example  10.0.0.0/8,,[::1]:80 '), expected);
    assert.deepEqual(read(''), []);
    for (const wrong of ['http://a', ['a b'], ['a/8'], 7]) assert.equal(read(wrong), undefined, String(wrong));
  });

  test('has ports that stand for a session or for tags', () => {
    const read = (listeners: unknown) => egressSchema.safeParse({ sticky: { listeners } }).data?.sticky.listeners;
    assert.deepEqual(read({ '9001': 'shop', '9002': { tags: { country: 'fr' } }, '9003': { session: 'a' } }), {
      '9001': { session: 'shop', tags: {} },
      '9002': { session: null, tags: { country: 'fr' } },
      '9003': { session: 'a', tags: {} },
    });
    for (const wrong of [{ '0': 'a' }, { '70000': 'a' }, { http: 'a' }, { '1': '' }, { '1': [] }]) {
      assert.equal(read(wrong), undefined, JSON.stringify(wrong));
    }
  });

  test('is open to nobody, tells the exit and reaches every port, unless something else is said', () => {
    const { allow_open: open, expose, connect_ports: ports, tls, no_proxy: direct, sticky } = egressSchema.parse({});
    assert.deepEqual([open, expose, ports, tls, direct], [false, true, [], null, []]);
    assert.deepEqual([sticky.mode, sticky.idle_ttl, sticky.listeners, sticky.client_ip], ['flex', null, {}, false]);
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
