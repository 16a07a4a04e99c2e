import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from '../../../test/support/cache-store.ts';
import type { KeptSink } from '../../contract/kept-answer.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import { KeptBody } from './kept-body.ts';

class Sink implements KeptSink {
  text = '';
  ending = '';
  /** It takes so many pieces, and then wants to be asked. */
  pieces = Infinity;

  write(bytes: Uint8Array, from: number, to: number): boolean {
    this.text += Buffer.from(bytes.subarray(from, to)).toString('latin1');
    this.pieces -= 1;
    return this.pieces > 0;
  }

  end(): void {
    this.ending = 'end';
  }

  cut(): void {
    this.ending = 'cut';
  }
}

const URL_ = 'http://a.test/';
const LONG = 'abcdefghij'.repeat(20_000);

test('a body from the store goes to its client whole, at the pace of the client', () => {
  const store = new CacheStore({ maxBytes: 4_000_000 });
  keep(store, URL_, LONG);
  const over: number[] = [];
  const body = KeptBody.open(
    (reader) => store.open(store.find(URL_)[0]!, reader),
    (given) => over.push(given),
  );
  const sink = new Sink();
  sink.pieces = 1;
  body?.begin(sink);
  assert.ok(sink.text.length > 0 && sink.text.length < LONG.length);
  while (sink.ending === '') {
    sink.pieces = 1;
    body?.resume();
  }
  assert.deepEqual([sink.text === LONG, sink.ending, over], [true, 'end', [LONG.length]]);
  body?.cancel();
  assert.equal(over.length, 1);
});

test('a body that is gone is not opened', () => {
  const store = new CacheStore({ maxBytes: 4_000_000 });
  keep(store, URL_, LONG);
  const [stored] = store.find(URL_);
  store.drop(stored!);
  assert.equal(
    KeptBody.open((reader) => store.open(stored!, reader)),
    null,
  );
});

test('a body that is cut is cut for whoever gets it, and one that nobody wants is let go', () => {
  const store = new CacheStore({ maxBytes: 4_000_000 });
  const filling = store.fill(URL_, store.find(URL_)[0]?.meta ?? keep(store, URL_, 'x').meta, -1);
  const [body, left] = [0, 1].map(() => KeptBody.open((reader) => filling.read(reader)));
  const sink = new Sink();
  body?.begin(sink);
  filling.write(Buffer.from('half'));
  left?.cancel();
  filling.abort();
  assert.deepEqual([sink.text, sink.ending], ['half', 'cut']);
});
