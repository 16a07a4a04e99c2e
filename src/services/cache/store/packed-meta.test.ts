import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedMeta } from '../../../../test/support/cache-store.ts';
import type { AnswerMeta } from '../answer-meta.ts';
import { packMeta, unpackMeta } from './packed-meta.ts';

const URL_OF = 'https://a.test:8443/one?two';

function round(key: string, meta: AnswerMeta): AnswerMeta {
  return unpackMeta(key, JSON.parse(JSON.stringify(packMeta(key, meta))) as ReturnType<typeof packMeta>, meta.fields);
}

test('what was packed comes out as it was, whatever the key says of it', () => {
  const plain = storedMeta(URL_OF);
  const odd = storedMeta(URL_OF, {
    host: '[::1]',
    route: 'two words',
    varyNames: ['accept'],
    varyKey: 'x',
    tags: ['t'],
    bornAtMs: 1.5e12,
    checkedAtMs: 1.5e12 + 7,
    flags: 5,
    etag: '"other"',
    lastModified: 'then',
    fields: [['LAST-MODIFIED', 'now']],
  });
  for (const meta of [plain, odd, { ...plain, later: [1] }, { ...plain, route: '' }]) {
    for (const key of [URL_OF, `site ${URL_OF}`, `two words ${URL_OF}\nmore`, 'something else', '']) {
      assert.deepEqual(round(key, meta), meta);
    }
  }
  assert.ok(JSON.stringify(packMeta(`site ${URL_OF}`, plain)).length < 60);
});
