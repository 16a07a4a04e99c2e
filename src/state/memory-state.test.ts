import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryShare, MemoryState } from './memory-state.ts';

test('what is over does not stay in memory', async () => {
  let nowMs = 1_000;
  const share = new MemoryShare();
  const state = new MemoryState(share, () => nowMs);
  for (let index = 0; index < 900; index += 1) await state.put(`old ${index}`, '', 10);
  nowMs += 10;
  for (let index = 0; index < 200; index += 1) await state.put(`new ${index}`, '', 10);
  assert.ok(share.values.size <= 200, String(share.values.size));
  assert.deepEqual([await state.get('old 1'), await state.get('new 1')], [null, '']);
});
