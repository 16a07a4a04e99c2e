import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hopsSchema } from './hops.ts';

describe('a hop', () => {
  test('of one proxy is a group of one, and the proxy goes by its name', () => {
    const { one, group } = hopsSchema.parse({
      one: { proxy: 'http://u:p@proxy.example:8080/', auth: 'ntlm', optional: true },
      group: {
        proxies: [{ id: 'one', url: 'http://u:p@proxy.example:8080/' }],
        auth: 'ntlm',
        optional: true,
      },
    });
    assert.deepEqual(one, group);
    assert.deepEqual(one, {
      strategy: 'round_robin',
      proxies: [
        {
          id: 'one',
          url: 'http://u:p@proxy.example:8080/',
          weight: 1,
          priority: 1,
          backup: false,
          enabled: true,
          tags: {},
          tls: null,
        },
      ],
      auth: 'ntlm',
      optional: true,
      local_dns: false,
      tls: null,
      timeouts: { connect: null, handshake: 15_000, budget: null },
      keep_ready: 0,
      session: null,
      health: null,
      breaker: null,
      outliers: null,
      max_ejected: 1,
      when_all_out: 'fail',
      slow_start: null,
    });
  });

  test('hands its TLS to the proxies that bring none', () => {
    const tls = { ca: 'ca.pem' };
    const { one, group } = hopsSchema.parse({
      one: { proxy: 'https://a', tls },
      group: {
        tls,
        proxies: [{ url: 'https://a' }, { url: 'https://b', tls: { verify: false } }, { url: 'https://c', tls: null }],
      },
    });
    assert.equal(one?.proxies[0]?.tls?.ca, 'ca.pem');
    assert.deepEqual(
      group?.proxies.map((proxy) => proxy.tls?.ca),
      ['ca.pem', null, undefined],
    );
  });

  test('tells its provider about sessions by a template, or by texts with names in braces', () => {
    const read = (session: unknown) => hopsSchema.safeParse({ a: { proxy: 'http://a', session } }).data?.['a']?.session;
    assert.deepEqual(read({ template: 'geonode' }), {
      template: 'geonode',
      username: null,
      password: null,
      id: { alphabet: null, min_length: null, max_length: null },
      ttl: { unit: null, min: null, max: null },
      country: null,
      user_prefix: null,
    });
    for (const username of ['{user}', 'u[-{country|fr}][-s-{session}[-{ttl}]]', String.raw`a\{b\}\[c`, 'plain']) {
      assert.equal(read({ username })?.username, username);
    }
    for (const username of ['u-{session', 'u-{}', 'u-}', 'u[', 'u]', 'u][', '{A}', '[{a]}', '\\', '']) {
      assert.equal(read({ username }), undefined, username);
    }
    const id = { alphabet: '0123456789', min_length: 4, max_length: 8 };
    assert.deepEqual(read({ template: 'soax', id })?.id, id);
    const wrong = [{}, { template: 'nobody' }, { username: 'u', id: { ...id, min_length: 9 } }];
    for (const session of [...wrong, { username: 'u', id: { alphabet: 'aa' } }]) {
      assert.equal(read(session), undefined, JSON.stringify(session));
    }
  });

  test('that asks for Negotiate is told that this is left out', () => {
    for (const auth of ['negotiate', 'kerberos', 'spnego']) {
      const { error } = hopsSchema.safeParse({ a: { proxy: 'http://a', auth } });
      assert.match(JSON.stringify(error?.issues), /left out of Sluice/);
    }
  });

  test('names the proxies of a group by host and port, never by its password', () => {
    const urls = ['socks5://a@b:c@d@h.example:1', 'http://[::1]:3128', 'https://h.example'];
    const ids = urls.map((url) => hopsSchema.parse({ a: { proxies: [{ url }] } })['a']?.proxies[0]?.id);
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
      { proxies: [{ url: 'http://a', priority: 0 }] },
      { proxy: `socks5://u:${'x'.repeat(256)}@a` },
      { proxy: 'socks4://u:p@a' },
      { proxy: 'http://u:50%@a' },
      { proxy: 'http://a', max_ejected: '101%' },
      'http://a',
    ]) {
      assert.ok(!hopsSchema.safeParse({ a: wrong }).success, JSON.stringify(wrong));
    }
  });
});
