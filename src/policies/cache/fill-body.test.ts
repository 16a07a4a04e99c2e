import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, storedMeta } from '../../../test/support/cache-store.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink } from '../../contract/policy.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import { FillBody } from './fill-body.ts';

const URL_ = 'http://a.test/';
const EXCHANGE = { response: { trailers: [] } } as unknown as Exchange;

function open(store: CacheStore): { body: FillBody; got: string[] } {
  const got: string[] = [];
  const sink: BodySink = {
    write: (bytes, from, to) => void got.push(Buffer.from(bytes.subarray(from, to)).toString()),
    end: () => void got.push('end'),
    pause: () => void got.push('pause'),
    resume: () => void got.push('resume'),
    fail: () => {},
  };
  return { body: new FillBody(EXCHANGE, store.fill(URL_, storedMeta(URL_), -1), sink), got };
}

test('what goes to a client is kept when it has come to its end', () => {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  const { body, got } = open(store);
  body.write(Buffer.from('xhellox'), 1, 6);
  assert.equal(found(store, URL_), null);
  body.end();
  assert.deepEqual([got, found(store, URL_)], [['hello', 'end'], 'hello']);
});

test('what is cut is kept by nobody', () => {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  const { body } = open(store);
  body.write(Buffer.from('hello'), 0, 5);
  body.abort();
  assert.equal(found(store, URL_), null);
});
