import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedMeta } from '../../../test/support/cache-store.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { Filling } from '../../services/cache/store/filling.ts';
import { type Outcome, Waiting } from './waiting.ts';

const URL_ = 'http://a.test/';

function filling(): Filling {
  return new CacheStore({ maxBytes: 1_000_000 }).fill(URL_, storedMeta(URL_), -1);
}

function waiting(fits: boolean): Waiting {
  return new Waiting(
    () => fits,
    () => {},
  );
}

test('who waits gets what has begun, from its first byte on', async () => {
  const waits = waiting(true);
  const begun = filling();
  begun.write(Buffer.from('he'));
  waits.joined(begun);
  const outcome = (await waits.outcome) as Extract<Outcome, { kind: 'joined' }>;
  let text = '';
  outcome.body.begin({
    write: (bytes, from, to) => ((text += Buffer.from(bytes.subarray(from, to)).toString()), true),
    end: () => (text += '.'),
    cut: () => {},
  });
  begun.write(Buffer.from('llo'));
  begun.end();
  assert.equal(text, 'hello.');
});

test('who waits is told what does not fit, and what else has come of it', async () => {
  const unfit = waiting(false);
  unfit.joined(filling());
  assert.equal((await unfit.outcome).kind, 'unfit');
  for (const kind of ['again', 'alone', 'failed'] as const) {
    const waits = waiting(true);
    waits[kind]();
    assert.equal((await waits.outcome).kind, kind);
  }
});

test('who has gone reads nothing', () => {
  const waits = waiting(true);
  const begun = filling();
  waits.joined(begun);
  assert.equal(begun.readers, 1);
  waits.leave();
  assert.equal(begun.readers, 0);
  const late = waiting(true);
  late.leave();
  late.joined(begun);
  assert.equal(begun.readers, 0);
});
