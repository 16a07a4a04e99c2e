import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore, storedMeta } from '../../../../test/support/cache-store.ts';
import { writeHead } from './slot-writing.ts';
import { packHead, unpackHead, unpackSlot } from './stored-answer.ts';

test('what is packed comes out as it was, whatever letters it has', () => {
  const core = storeCore();
  const meta = storedMeta('http://a.test/ü?q=ß', {
    fields: [
      ['X-Any', 'caf\u00e9: "x"'],
      ['Empty', ''],
    ],
    tags: ['日本'],
  });
  const slot = core.takeSlot();
  writeHead(core, slot, { key: 'ключ', meta, encoding: 'br', copyOf: 7 });
  const { answer, copyOf } = unpackSlot(core.memory, core.table, slot);
  assert.deepEqual([answer.key, answer.meta, answer.encoding, copyOf], ['ключ', meta, 'br', 7]);
  const { key, meta: known } = unpackHead(packHead({ key: 'ключ', meta, trailers: [], copyOf: 7 }));
  assert.deepEqual([key, known], ['ключ', meta]);
});
