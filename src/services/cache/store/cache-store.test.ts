import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, keep, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import { answerFlags } from '../answer-meta.ts';
import { CacheStore } from './cache-store.ts';

const A = 'http://a.test/one';

describe('the store of the cache', () => {
  test('finds what is whole, with its fields as lines before the body', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    assert.equal(store.find(A).length, 0);
    keep(store, A, 'hello');
    const [answer] = store.find(A);
    assert.equal(Buffer.from(answer!.ready).toString(), 'Content-Type: text/plain\r\nETag: "one"\r\n\r\nhello');
    assert.deepEqual([answer!.bodyLength, answer!.hasBody, answer!.encoding], [5, true, '']);
    assert.deepEqual(answer!.meta, storedMeta(A));
    assert.equal(store.find(A), store.find(A));
  });

  test('finds nothing of what is on its way, was cut, or is shorter than was said', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const open = store.fill(A, storedMeta(A), -1);
    open.write(Buffer.from('hel'));
    assert.equal(found(store, A), null);
    open.abort();
    assert.equal(open.end(), false);
    assert.equal(found(store, A), null);
    const short = store.fill(A, storedMeta(A), 5);
    short.write(Buffer.from('hel'));
    assert.equal(short.end(), false);
    assert.equal(found(store, A), null);
  });

  test('keeps the variants of a key beside each other, and the newest of each', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const vary = { varyNames: ['accept-language'] };
    keep(store, A, 'hallo', { ...vary, varyKey: 'de' });
    keep(store, A, 'hello', { ...vary, varyKey: 'en' });
    keep(store, A, 'hallo 2', { ...vary, varyKey: 'de' });
    assert.deepEqual(
      store.find(A).map(({ meta, bodyLength }) => [meta.varyKey, bodyLength]),
      [
        ['de', 7],
        ['en', 5],
      ],
    );
  });

  test('reads a large body from where it lies, also when it was replaced meanwhile', () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    const body = Buffer.alloc(200_000, 'abcdefg');
    keep(store, A, body);
    const [answer] = store.find(A);
    assert.equal(answer!.hasBody, false);
    const reader = new TakingReader();
    reader.pieces = 1;
    const reading = store.open(answer!, reader)!;
    keep(store, A, Buffer.alloc(200_000, 'x'));
    reader.pieces = Infinity;
    reading.resume();
    assert.equal(reader.state, 'ended');
    assert.equal(reader.text, body.toString());
    const part = new TakingReader();
    store.open(store.find(A)[0]!, part, { from: 70_000, to: 70_010 });
    assert.equal(part.text, 'xxxxxxxxxx');
    assert.equal(store.open(answer!, new TakingReader()), null);
  });

  test('has a large body ready that is asked for again and again', () => {
    const store = new CacheStore({ maxBytes: 256_000_000 });
    const body = 'x'.repeat(100_000);
    keep(store, A, body);
    const isReady = (): boolean => store.find(A)[0]?.hasBody === true;
    assert.equal(isReady(), false);
    for (let times = 0; times < 2; times += 1) store.hit(store.find(A)[0]!);
    assert.equal(isReady(), true);
    assert.equal(found(store, A), body);
    assert.equal(store.find(A), store.find(A));
    const small = new CacheStore({ maxBytes: 8_000_000 });
    keep(small, A, body);
    for (let times = 0; times < 3; times += 1) small.hit(small.find(A)[0]!);
    assert.equal(small.find(A)[0]!.hasBody, false);
    assert.equal(small.find(A), small.find(A));
  });

  test('gives an answer another meta after a 304, and the body stays', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    keep(store, A, 'hello', { tags: ['old'] });
    store.purge({ kind: 'all' }, true);
    assert.equal(store.find(A)[0]!.meta.flags, answerFlags.purged);
    assert.equal(
      store.replace(store.find(A)[0]!, storedMeta(A, { bornAtMs: 7, fields: [['X', 'y']], tags: ['new'] })),
      true,
    );
    const [answer] = store.find(A);
    assert.deepEqual([answer!.meta.bornAtMs, answer!.meta.flags], [7, 0]);
    assert.equal(Buffer.from(answer!.ready).toString(), 'X: y\r\n\r\nhello');
    assert.equal(store.purge({ kind: 'tag', tag: 'old' }), 0);
    assert.equal(store.purge({ kind: 'tag', tag: 'new' }), 1);
    assert.equal(store.replace(answer!, answer!.meta), false);
    assert.equal(found(store, A), null);
  });

  test('keeps copies in other encodings with their answer, and no longer', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    keep(store, A, 'hello');
    const [{ serial, meta }] = store.find(A) as [ReturnType<typeof store.find>[number]];
    const copy = store.fill(A, meta, 2, { encoding: 'gzip', copyOf: serial });
    copy.write(Buffer.from('gz'));
    copy.end();
    const both = store.find(A);
    assert.equal(both.length, 1);
    assert.deepEqual(
      both[0]!.copies.map(({ encoding, bodyLength }) => [encoding, bodyLength]),
      [['gzip', 2]],
    );
    keep(store, A, 'other');
    assert.deepEqual(store.find(A)[0]!.copies, []);
  });

  test('never takes more than it may, and counts what it did by route', () => {
    const store = new CacheStore({ maxBytes: 200_000 });
    for (let index = 0; index < 500; index += 1) keep(store, `${A}/${index}`, 'x'.repeat(1000));
    const { bytes, entries, routes, maxBytes } = store.stats;
    assert.ok(bytes <= maxBytes, `${bytes}`);
    assert.ok(entries > 80, `${entries}`);
    assert.equal(routes[0]!.stored, 500);
    assert.equal(routes[0]!.evictions, 500 - entries);
    store.hit(store.find(`${A}/499`)[0]!, true);
    store.missed('site');
    store.coalesced('other', 5);
    const [site, other] = store.stats.routes.toSorted((a, b) => b.route.localeCompare(a.route));
    assert.deepEqual([site!.hits, site!.stale, site!.misses, site!.servedBytes], [1, 1, 1, 1000]);
    assert.deepEqual([other!.route, other!.coalesced], ['other', 1]);
    store.bound(50_000);
    assert.ok(store.stats.bytes <= 50_000);
  });

  test('gives everything back when everything is gone', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    keep(store, A, 'warm');
    store.purge({ kind: 'all' });
    const before = store.stats.bytes;
    for (let round = 0; round < 3; round += 1) {
      keep(store, A, Buffer.alloc(70_000), { tags: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] });
      store.fill(A, storedMeta(A), 9).abort();
      assert.equal(store.purge({ kind: 'all' }), 1);
    }
    assert.ok(store.stats.bytes <= before + 400, `${store.stats.bytes - before}`);
  });
});
