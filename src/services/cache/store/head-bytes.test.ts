import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore, storedMeta } from '../../../../test/support/cache-store.ts';
import type { AnswerMeta } from '../answer-meta.ts';
import { headBytes } from './head-bytes.ts';
import { writeHead } from './slot-writing.ts';
import { unpackSlot } from './stored-answer.ts';

const URL_OF = 'https://a.test:8443/one?two';
const KEY = `site ${URL_OF}`;
const PLAIN = storedMeta(URL_OF, {
  status: 999,
  bornAtMs: 1.7e12,
  checkedAtMs: 1.7e12 + 0.5,
  lifetimeMs: Infinity,
  flags: 7,
});

function around(key: string, meta: AnswerMeta): AnswerMeta {
  const core = storeCore();
  const slot = core.takeSlot();
  assert.equal(writeHead(core, slot, { key, meta }), true);
  return unpackSlot(core.memory, core.table, slot).answer.meta;
}

test('a head comes out of the memory as it went in, plain or not', () => {
  const others: Partial<AnswerMeta>[] = [
    { host: 'other.test' },
    { route: 'two words' },
    { route: '' },
    { varyNames: ['accept'], varyKey: 'x' },
    { tags: ['t'] },
    { etag: '"of nothing"' },
    { lastModified: 'then', fields: [['last-Modified', 'then']] },
    { lastModified: 'then' },
    { fields: [], etag: '' },
    { url: 'http://[::1]:80/', host: '[::1]' },
    { url: 'http://ü.test/ß' },
  ];
  for (const meta of [PLAIN, ...others.map((other) => ({ ...PLAIN, lifetimeMs: 5, ...other }))]) {
    for (const key of [KEY, `${meta.route} ${meta.url}\nmore`, `ключ ${meta.url}`, 'x'.repeat(20_000)]) {
      if (key !== KEY && meta.lifetimeMs === Infinity) continue;
      assert.deepEqual(around(key, meta), meta, `${key} ${JSON.stringify(meta)}`);
    }
  }
  const later = { ...PLAIN, lifetimeMs: 5, later: [1] };
  assert.deepEqual(around(KEY, later), later);
});

test('what most answers say takes few bytes', () => {
  const { keyLength, metaLength, urlFrom, urlLength } = headBytes({ key: KEY, meta: PLAIN, trailers: [], copyOf: 0 });
  assert.deepEqual([keyLength, metaLength, urlFrom, urlLength], [KEY.length, 56, 5, URL_OF.length]);
});
