import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interstitialSchema } from './tunnels-interstitial.ts';

test('there is no page without a word, and one with all that it needs with a single one', () => {
  const whole = { skip_header: 'sluice-skip-interstitial', cookie_ttl: 7 * 86_400_000, users: false };
  assert.deepEqual(
    [undefined, false, null, true, {}].map((said) => interstitialSchema.parse(said)),
    [null, null, null, whole, whole],
  );
  const other = interstitialSchema.parse({ skip_header: 'X-Skip', cookie_ttl: '30d', users: true });
  assert.deepEqual(other, { skip_header: 'x-skip', cookie_ttl: 30 * 86_400_000, users: true });
  assert.equal(interstitialSchema.parse({ skip_header: null })?.skip_header, null);
});

test('a field that apps need, a life without an end and other keys are refused', () => {
  const wrong = [
    { skip_header: 'Cookie' },
    { skip_header: 'a b' },
    { cookie_ttl: '0s' },
    { cookie_ttl: 7 },
    { ttl: '7d' },
  ];
  for (const said of [...wrong, 'yes']) {
    assert.ok(!interstitialSchema.safeParse(said).success, JSON.stringify(said));
  }
});
