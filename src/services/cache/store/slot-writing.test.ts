import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore, storedMeta } from '../../../../test/support/cache-store.ts';
import { SLOT } from './slot-fields.ts';
import { keyHash } from './slot-table.ts';
import { dropVariant, enterSlot, rewriteHead, writeHead, writeTrailers } from './slot-writing.ts';
import { unpackSlot } from './stored-answer.ts';

const A = 'http://a.test/';

test('of more variants of a key than there may be the oldest go', () => {
  const core = storeCore();
  for (let index = 0; index < 70; index += 1) {
    const slot = core.takeSlot();
    assert.equal(writeHead(core, slot, { key: A, meta: storedMeta(A, { varyKey: `${index}` }) }), true);
    dropVariant(core, slot);
    enterSlot(core, slot);
  }
  const kept = core.table.withHash(keyHash(A));
  assert.equal(kept.length, 64);
  assert.equal(unpackSlot(core.memory, core.table, kept.at(-1)!).answer.meta.varyKey, '6');
});

test('a head that finds no room drops its answer rather than leave half of it', () => {
  const core = storeCore(60_000);
  const slot = core.takeSlot();
  writeHead(core, slot, { key: A, meta: storedMeta(A, { tags: ['one'] }) });
  writeTrailers(core, slot, { key: A, meta: storedMeta(A), trailers: [['X', 'y']] });
  assert.deepEqual(unpackSlot(core.memory, core.table, slot).answer.trailers, [['X', 'y']]);
  enterSlot(core, slot);
  assert.deepEqual(core.memory.tags.with('one'), [slot]);
  const fields = [['X-Long', 'x'.repeat(100_000)]] as const;
  assert.equal(rewriteHead(core, slot, { key: A, meta: storedMeta(A, { fields }) }), false);
  assert.deepEqual([core.table.withHash(keyHash(A)), core.memory.tags.with('one')], [[], []]);
  assert.equal(core.table.get(slot, SLOT.QUEUE), 0);
});
