import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tierMeta } from '../../../../test/support/tier-answer.ts';
import { CacheStore } from '../store/cache-store.ts';
import type { Flight } from '../store/flights.ts';
import type { CacheTier } from './cache-tier.ts';
import { forAllNodes, TierFlight } from './tier-flight.ts';

const NOBODY = { joined: () => {}, again: () => {}, alone: () => {}, failed: () => {} };

function flying(): { flight: TierFlight; store: CacheStore; said: string[] } {
  const store = new CacheStore({ maxBytes: 16_777_216 });
  const said: string[] = [];
  const tier: Pick<CacheTier, 'keep' | 'settle'> = {
    keep: (key, { body }) => said.push(`keep ${key} ${body.length}`),
    settle: (key, isAlone) => said.push(`settle ${key} ${isAlone ? 'alone' : 'shared'}`),
  };
  const claim = store.claim('k', NOBODY) as Flight;
  const flight = forAllNodes(claim, { tier: tier as CacheTier, store });
  assert.ok(flight instanceof TierFlight);
  return { flight, store, said };
}

describe('a fetch for all nodes', () => {
  for (const length of [5, 100_000]) {
    test(`writes what it has brought to the tier, and tells that it is over: ${length} bytes`, () => {
      const { flight, said } = flying();
      const filling = flight.fill('k', tierMeta(), length);
      filling.write(Buffer.alloc(length, 'x'));
      assert.deepEqual(said, []);
      filling.end();
      assert.deepEqual(said, [`keep k ${length}`, 'settle k shared']);
    });
  }

  test('tells how it has ended otherwise', () => {
    const torn = flying();
    torn.flight.fill('k', tierMeta(), 5).abort();
    const alone = flying();
    alone.flight.uncacheable(1_000);
    const failed = flying();
    failed.flight.failed();
    assert.deepEqual(
      [torn.said, alone.said, failed.said],
      [['settle k shared'], ['settle k alone'], ['settle k shared']],
    );
  });

  test('does not write back what came from the tier', () => {
    const { flight, store, said } = flying();
    flight.take('k', { meta: tierMeta(), body: Buffer.from('hello'), trailers: [], keptAtMs: 0 });
    assert.deepEqual([said, store.find('k')[0]?.bodyLength], [[], 5]);
  });
});
