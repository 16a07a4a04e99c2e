import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sinceIn, type TailBatch, TailFollower } from './tail-follower.ts';

const kept = [3, 4, 5].map((number) => ({ number }));

describe('what stands behind a position', () => {
  test('is all that is kept of it, and how many are not', () => {
    assert.deepEqual(sinceIn(kept, 5, 4), { items: [{ number: 5 }], gone: 0, position: 5 });
    assert.deepEqual(sinceIn(kept, 5, 5), { items: [], gone: 0, position: 5 });
    assert.deepEqual(sinceIn(kept, 5, 0), { items: kept, gone: 2, position: 5 });
    assert.deepEqual(sinceIn([], 0, 0), { items: [], gone: 0, position: 0 });
  });
});

test('a follower is given what he wants and told what he has missed, when he can take it', () => {
  const batches: TailBatch<{ number: number }>[] = [];
  const follower = new TailFollower(0, {
    since: (position) => sinceIn(kept, 5, position),
    wants: ({ number }) => number !== 4,
    take: (batch) => batches.push(batch) < 0,
  });
  follower.resume();
  assert.equal(batches.length, 0, 'nobody has told yet how many are missed by everybody');
  follower.tell(7);
  follower.tell(9);
  assert.deepEqual(batches, [{ items: [{ number: 3 }, { number: 5 }], missed: 2, position: 5 }]);
  follower.resume();
  assert.deepEqual(batches[1], { items: [], missed: 2, position: 5 });
  follower.leave();
  follower.tell(10);
  assert.equal(batches.length, 2);
});
