import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { purgeWish } from './purge-wish.ts';
import type { PurgeOrder } from './store/purge-lists.ts';

function orders(query: string): readonly PurgeOrder[] {
  return purgeWish(new URLSearchParams(query)).orders;
}

describe('what is to be purged', () => {
  test('is said in one of five ways', () => {
    assert.deepEqual(orders('url=https://a.test/x'), [{ kind: 'url', url: 'https://a.test/x' }]);
    assert.deepEqual(orders('prefix=http://a.test/x'), [{ kind: 'prefix', prefix: 'http://a.test/x' }]);
    assert.deepEqual(orders('pattern=*.A.test'), [{ kind: 'host', pattern: '*.a.test' }]);
    assert.deepEqual(orders('tag=news&tag=sport'), [
      { kind: 'tag', tag: 'news' },
      { kind: 'tag', tag: 'sport' },
    ]);
    assert.deepEqual(orders('all=true'), [{ kind: 'all' }]);
  });

  test('may be meant softly', () => {
    assert.equal(purgeWish(new URLSearchParams('tag=a&soft=true')).isSoft, true);
    assert.equal(purgeWish(new URLSearchParams('tag=a&soft')).isSoft, true);
    assert.equal(purgeWish(new URLSearchParams('tag=a&soft=0')).isSoft, false);
  });

  test('is a URL as answers are kept by it', () => {
    const cases = [
      ['HTTPS://A.test:443/X?q=B', 'https://a.test/X?q=B'],
      ['http://a.test:80', 'http://a.test/'],
      ['http://a.test:443/', 'http://a.test:443/'],
      ['http://a.test?x', 'http://a.test/?x'],
      ['http://a.test/x#part', 'http://a.test/x'],
      ['http://[::1]:8080/', 'http://[::1]:8080/'],
    ] as const;
    for (const [said, kept] of cases) {
      assert.deepEqual(orders(new URLSearchParams({ url: said }).toString()), [{ kind: 'url', url: kept }]);
    }
  });

  test('is meant for both schemes where none is said', () => {
    assert.deepEqual(orders('url=a.test/x'), [
      { kind: 'url', url: 'http://a.test/x' },
      { kind: 'url', url: 'https://a.test/x' },
    ]);
  });

  test('is refused where it says nothing, too much or what cannot be', () => {
    const wrong = ['', 'soft=1', 'url=a.test&tag=b', 'urls=a', 'url=', 'url=ftp://a.test/', 'pattern=a/b', 'all=maybe'];
    for (const query of [...wrong, 'all=false', 'url=https://']) {
      assert.throws(() => orders(query), { code: 'invalid_input' }, query);
    }
  });
});
