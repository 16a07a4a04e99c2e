import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { interstitialOf } from './assemble-interstitial.ts';

test('there is a page before tunnels where one is wished for and tunnels may be opened', () => {
  const made = (server: object): number => interstitialOf(configOf({ tunnels: { server } })).length;
  const all = [{ enabled: true }, { interstitial: true }, { enabled: true, interstitial: true }];
  assert.deepEqual(all.map(made), [0, 0, 1]);
});
