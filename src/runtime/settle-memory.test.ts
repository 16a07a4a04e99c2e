import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleMemory } from './settle-memory.ts';

test('memory that nothing refers to is given back, and nobody else can collect by hand afterwards', () => {
  let garbage: object[] | null = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage().heapUsed;
  assert.equal(garbage.length, 200_000);
  garbage = null;
  settleMemory();
  assert.ok(process.memoryUsage().heapUsed < before);
  assert.equal('gc' in globalThis, false);
});
