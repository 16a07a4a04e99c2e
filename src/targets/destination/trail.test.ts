import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainAttempt } from '../../services/chain/chain-link.ts';
import { nameOf, trailOf } from './trail.ts';

const FAILED: ChainAttempt = {
  hop: 'exits',
  member: 'fr-1',
  blame: 'member',
  code: 'hop_timeout',
  message: 'the proxy exits/fr-1 (10.0.0.1:1080) did not answer within 1 s',
  durationMs: 1000.4,
};

test('a trail has a member for each attempt that failed, in order', () => {
  assert.equal(
    trailOf([FAILED, { ...FAILED, hop: 'corporate', member: 'corporate', code: 'hop_unreachable', message: 'no' }]),
    '"exits/fr-1"; error=hop_timeout; details="the proxy exits/fr-1 (10.0.0.1:1080) did not answer within 1 s (1000 ms)", ' +
      '"corporate"; error=hop_unreachable; details="no (1000 ms)"',
  );
});

test('a trail without attempts is empty', () => {
  assert.equal(trailOf([]), '');
});

test('an attempt without hops is called direct', () => {
  assert.match(trailOf([{ ...FAILED, hop: '', member: '' }]), /^"direct"; /);
});

test('whatever a message holds, a trail is one line of printable ASCII with its quotes in order', () => {
  const trail = trailOf([{ ...FAILED, durationMs: 1, message: 'it said "no\\way"\r\nX-Own: 1, nämlich' }]);
  assert.equal(trail, '"exits/fr-1"; error=hop_timeout; details="it said \\"no\\\\way\\"??X-Own: 1, n?mlich (1 ms)"');
});

test('a hop of a single proxy goes by its own name', () => {
  assert.deepEqual([nameOf('corporate', 'corporate'), nameOf('exits', 'a')], ['corporate', 'exits/a']);
});
