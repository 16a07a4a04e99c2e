import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { storedMeta, TakingReader } from '../../../test/support/cache-store.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { Copier } from '../../services/cache/copier.ts';
import type { BodyReader } from '../../services/cache/store/body-reading.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import { beginCopy, copyOfComing } from './copy-maker.ts';

const KEY = 'http://a.test/';
const NOBODY = { joined: () => {}, again: () => {}, alone: () => {}, failed: () => {} };

/** Copies are in capitals. */
class Capitals implements BodyTransform {
  private readonly sink: BodySink;

  constructor(sink: BodySink) {
    this.sink = sink;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    const capitals = Buffer.from(Buffer.from(bytes.subarray(from, to)).toString().toUpperCase());
    this.sink.write(capitals, 0, capitals.length);
  }

  end(): void {
    this.sink.end();
  }

  abort(): void {}
}

let made = 0;
const COPIER: Copier = {
  choose: () => 'gzip',
  isWorth: () => true,
  linesFor: (lines) => lines,
  encode: () => {},
  open: (_lines, _encoding, _length, sink) => {
    made += 1;
    return new Capitals(sink);
  },
};

const turn = (): Promise<unknown> => new Promise(setImmediate);

function read(filling: { read(reader: TakingReader): unknown } | null): TakingReader {
  const reader = new TakingReader();
  filling?.read(reader);
  return reader;
}

describe('a copy in another encoding', () => {
  test('of what is just coming is made as it comes, once for all who want it, and belongs to it', async () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    made = 0;
    const coming = store.fill(KEY, storedMeta(KEY), -1);
    const copies = [1, 2, 3].map(() => copyOfComing(coming, 'gzip', { store, copier: COPIER }));
    const readers = copies.map(read);
    coming.write(Buffer.from('hello '));
    await turn();
    coming.write(Buffer.from('you'));
    coming.end();
    await turn();
    assert.deepEqual(
      readers.map(({ text, state }) => `${text} ${state}`),
      Array.from({ length: 3 }, () => 'HELLO YOU ended'),
    );
    assert.equal(made, 1);
    const [stored] = store.find(KEY);
    assert.deepEqual(
      stored!.copies.map(({ encoding, bodyLength }) => [encoding, bodyLength]),
      [['gzip', 9]],
    );
  });

  test('of what is kept is gone with it', async () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    const filling = store.fill(KEY, storedMeta(KEY), -1);
    filling.write(Buffer.from('hello'));
    filling.end();
    const stored = store.find(KEY)[0]!;
    const base = { ...stored, read: (reader: BodyReader) => store.open(stored, reader) };
    const begun = beginCopy(base, 'gzip', { store, copier: COPIER }, NOBODY);
    assert.ok(begun !== null && begun !== 'waiting');
    const reader = read(begun);
    await turn();
    assert.deepEqual([reader.text, reader.state], ['HELLO', 'ended']);
    assert.equal(store.stats.entries, 2);
    store.drop(store.find(KEY)[0]!);
    assert.equal(store.stats.entries, 0);
  });

  test('is cut and not kept when what it is made of is', async () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    const coming = store.fill(KEY, storedMeta(KEY), -1);
    const reader = read(copyOfComing(coming, 'gzip', { store, copier: COPIER }));
    coming.write(Buffer.from('hello'));
    await turn();
    coming.abort();
    assert.equal(reader.state, 'failed');
    assert.equal(store.stats.entries, 0);
  });

  test('goes when another answer takes the place of the one that it is of', async () => {
    const store = new CacheStore({ maxBytes: 4_000_000 });
    for (const word of ['one', 'two']) {
      const coming = store.fill(KEY, storedMeta(KEY), -1);
      read(copyOfComing(coming, 'gzip', { store, copier: COPIER }));
      await turn();
      coming.write(Buffer.from(word));
      coming.end();
      if (word === 'two') assert.ok(store.stats.entries <= 2);
      await turn();
    }
    assert.equal(store.stats.entries, 2);
    assert.equal(store.find(KEY)[0]!.copies.length, 1);
  });
});
