import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hopsSchema } from './hops.ts';

describe('a hop', () => {
  test('of one proxy is a group of one', () => {
    const { one, group } = hopsSchema.parse({
      one: { proxy: 'http://u:p@proxy.example:8080/', auth: 'ntlm', optional: true },
      group: {
        proxies: [{ id: 'proxy.example:8080', url: 'http://u:p@proxy.example:8080/' }],
        auth: 'ntlm',
        optional: true,
      },
    });
    assert.deepEqual(one, group);
    assert.deepEqual(one, {
      strategy: 'round_robin',
      proxies: [{ id: 'proxy.example:8080', url: 'http://u:p@proxy.example:8080/', weight: 1, tags: {} }],
      auth: 'ntlm',
      optional: true,
      health: null,
      breaker: null,
    });
  });

  test('names a proxy by host and port, never by its password', () => {
    const urls = ['socks5://a@b:c@d@h.example:1', 'http://[::1]:3128', 'https://h.example'];
    const ids = urls.map((url) => hopsSchema.parse({ a: { proxy: url } })['a']?.proxies[0]?.id);
    assert.deepEqual(ids, ['h.example:1', '[::1]:3128', 'h.example']);
  });

  test('has tags that are texts', () => {
    const { a } = hopsSchema.parse({
      a: { proxies: [{ url: 'http://h', tags: { country: 'fr', tier: 1, fast: true } }] },
    });
    assert.deepEqual(a?.proxies[0]?.tags, { country: 'fr', tier: '1', fast: 'true' });
  });

  test('is refused without a proxy, with another scheme, and with both forms at once', () => {
    for (const wrong of [
      {},
      { proxies: [] },
      { proxy: 'ftp://a' },
      { proxy: 'http://a/path' },
      { proxy: 'http://a', proxies: [{ url: 'http://b' }] },
      { proxy: 'http://a', auth: 'kerberos' },
      { proxies: [{ url: 'http://a', weight: 0 }] },
      'http://a',
    ]) {
      assert.ok(!hopsSchema.safeParse({ a: wrong }).success, JSON.stringify(wrong));
    }
  });
});
