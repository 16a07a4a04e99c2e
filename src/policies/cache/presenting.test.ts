import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { storedMeta } from '../../../test/support/cache-store.ts';
import type { Copier } from '../../services/cache/copier.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { CacheOptions } from './cache-options.ts';
import { Presenting } from './presenting.ts';
import { Turns } from './turns.ts';

const KEY = 'http://a.test/';

const COPIER: Copier = {
  choose: (asked) => (asked.get('accept-encoding') === undefined ? null : 'gzip'),
  isWorth: (_status, _lines, bodyLength) => bodyLength < 0 || bodyLength > 10,
  linesFor: (lines) => lines,
  encode: () => {},
  open: (_lines, _encoding, _length, sink) => ({ write: sink.write, end: sink.end, abort: () => {} }),
};

function presenting(store: CacheStore, copier: Copier | null): Presenting {
  return new Presenting({ store, copier } as CacheOptions, new Turns(), () => assert.fail('nobody waits'));
}

describe('what is just coming', () => {
  const liking = new FieldList([['Accept-Encoding', 'gzip']]);

  test('is shown as a copy to who likes another encoding, if it is worth it', () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    const see = presenting(store, COPIER).see;
    const long = store.fill(KEY, storedMeta(KEY), 100);
    const { source, view } = see(long, liking);
    assert.notEqual(source, long);
    assert.equal(view.encoding, 'gzip');
    assert.equal(see(long, liking).source, source);
    assert.deepEqual([see(long, new FieldList([])).source, see(long, new FieldList([])).view.encoding], [long, null]);
    const short = store.fill(`${KEY}short`, storedMeta(`${KEY}short`), 5);
    assert.equal(see(short, liking).source, short);
    for (const filling of [long, short]) filling.abort();
  });

  test('is shown as it comes where nothing is compressed', () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    const filling = store.fill(KEY, storedMeta(KEY), 100);
    assert.deepEqual(presenting(store, null).see(filling, liking), {
      source: filling,
      view: { copier: null, encoding: null },
    });
    filling.abort();
  });
});
