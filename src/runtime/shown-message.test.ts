import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shownBody, shownField } from './shown-message.ts';

describe('a message that was kept is shown', () => {
  test('with its body as text where it is text, cut between characters', () => {
    const text = Buffer.from('wörld');
    assert.deepEqual(shownBody(text, 6), { bytes: 6, text: 'wörld', base64: null, cut: false });
    assert.deepEqual(shownBody(text.subarray(0, 2), 6), { bytes: 6, text: 'w', base64: null, cut: true });
    assert.deepEqual(shownBody(Buffer.from([0, 1]), 2), { bytes: 2, text: null, base64: 'AAE=', cut: false });
  });

  test('without credentials in its fields', () => {
    assert.equal(shownField('Cookie', 'a=b'), '***');
    assert.equal(shownField('Referer', 'https://a.test/?token=x'), 'https://a.test/?token=***');
  });
});
