// Which traces are recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSampled } from './sampling.ts';
import { SpanIds } from './span-ids.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = (flags: number) => ({ traceId: TRACE, spanId: '00f067aa0ba902b7', flags });

test('who has begun a trace decides for all of it, unless the share alone is to count', () => {
  assert.equal(isSampled({ share: 0, followsParent: true }, TRACE, parent(1)), true);
  assert.equal(isSampled({ share: 1, followsParent: true }, TRACE, parent(0)), false);
  assert.equal(isSampled({ share: 1, followsParent: true }, TRACE, parent(2)), false);
  assert.equal(isSampled({ share: 1, followsParent: false }, TRACE, parent(0)), true);
  assert.equal(isSampled({ share: 0, followsParent: false }, TRACE, parent(1)), false);
});

test('a share of the traces is taken, and who takes more takes those as well', () => {
  const ids = new SpanIds();
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const id = ids.trace();
    const isTaken = isSampled({ share: 0.1, followsParent: true }, id, null);
    if (isTaken) taken++;
    if (isTaken) assert.ok(isSampled({ share: 0.2, followsParent: true }, id, null));
  }
  assert.ok(taken > 1600 && taken < 2400, `${taken} of 20000`);
});

test('the place of a trace is the one that the samplers of OpenTelemetry see', () => {
  // 0xa3ce929d0e0e4736 / 2^64 = 0.6398…
  assert.equal(isSampled({ share: 0.63, followsParent: true }, TRACE, null), false);
  assert.equal(isSampled({ share: 0.64, followsParent: true }, TRACE, null), true);
});
