import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseStateUrl } from './state-url.ts';

describe('the URL of a shared Redis', () => {
  test('names one server', () => {
    assert.deepEqual(parseStateUrl('redis://u%40x:p%2F@host:6380/3'), {
      kind: 'single',
      isTls: false,
      servers: [{ host: 'host', port: 6380 }],
      login: { user: 'u@x', password: 'p/' },
      sentinelPassword: null,
      master: '',
      database: 3,
      shown: 'redis://host:6380',
    });
    assert.partialDeepStrictEqual(parseStateUrl('rediss://:secret@[::1]'), {
      isTls: true,
      servers: [{ host: '::1', port: 6379 }],
      login: { user: '', password: 'secret' },
      shown: 'rediss://[::1]',
    });
  });

  test('names the master that sentinels know', () => {
    assert.partialDeepStrictEqual(
      parseStateUrl('redis+sentinel://:pw@one,two:26380/the-master/2?sentinel_password=s%20p'),
      {
        kind: 'sentinel',
        servers: [
          { host: 'one', port: 26_379 },
          { host: 'two', port: 26_380 },
        ],
        login: { user: '', password: 'pw' },
        sentinelPassword: 's p',
        master: 'the-master',
        database: 2,
        shown: 'redis+sentinel://one,two:26380/the-master',
      },
    );
  });

  test('names a cluster by some of its nodes', () => {
    assert.partialDeepStrictEqual(parseStateUrl('rediss+cluster://one:7000,two:7001'), {
      kind: 'cluster',
      isTls: true,
      servers: [
        { host: 'one', port: 7000 },
        { host: 'two', port: 7001 },
      ],
      shown: 'rediss+cluster://one:7000,two:7001',
    });
  });

  test('is nothing else', () => {
    const wrong = ['redis://', 'redis://a,b', 'redis://a/name', 'redis://a:99999', 'redis://a?x=1', 'redis://a/1/2'];
    const others = ['redis+sentinel://a', 'redis+cluster://a/1', 'redis+cluster://a?sentinel_password=x', 'http://a'];
    const broken = [
      'redis://%zz@a',
      'redis+sentinel://a/m?sentinel_password=',
      'redis+other://a',
      'redis://a b',
      'redis://a,',
    ];
    for (const text of [...wrong, ...others, ...broken]) assert.equal(parseStateUrl(text), undefined, text);
  });
});
