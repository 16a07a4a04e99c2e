import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore, storedMeta } from '../../../../test/support/cache-store.ts';
import { enterSlot, writeHead } from './slot-writing.ts';

test('room is made by dropping what is whole, and what is asked for beyond all memory drops nothing', () => {
  const core = storeCore(100_000);
  for (let index = 0; index < 80; index += 1) {
    const slot = core.takeSlot();
    writeHead(core, slot, { key: `${index}`, meta: storedMeta('http://a.test/') });
    enterSlot(core, slot);
  }
  assert.equal(core.takeChain(200_000), 0);
  assert.equal(core.counters.byRoute()[0]!.evictions, 0);
  assert.notEqual(core.takeChain(70_000), 0);
  assert.ok(core.counters.byRoute()[0]!.evictions > 0);
  assert.equal(core.routeId('new'), core.routeId('new'));
  core.table.bound(10);
  core.shrink();
  assert.equal(core.memory.header[8], 0);
});
