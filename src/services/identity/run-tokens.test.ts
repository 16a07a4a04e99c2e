import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunTokens } from './run-tokens.ts';

describe('the token of a run', () => {
  test('is known to every thread until it is taken back', () => {
    const given = new RunTokens();
    const elsewhere = new RunTokens(given.memory);
    const ann = given.issue('ann');
    const nobody = given.issue('');
    assert.ok(ann !== null && nobody !== null);
    assert.equal(elsewhere.find(ann.token), 'ann');
    assert.equal(elsewhere.find(nobody.token), '');
    assert.equal(elsewhere.find(`${ann.token}x`), null);
    assert.equal(elsewhere.find('slc_run_'), null);
    assert.equal(elsewhere.find('another'), null);
    ann.revoke();
    assert.equal(elsewhere.find(ann.token), null);
    const bob = given.issue('bob');
    ann.revoke();
    assert.equal(elsewhere.find(bob!.token), 'bob');
  });

  test('is not in the memory itself', () => {
    const tokens = new RunTokens();
    const { token } = tokens.issue('ann')!;
    assert.ok(!Buffer.from(tokens.memory).includes(token.slice('slc_run_'.length)));
  });

  test('is not given where there is no room', () => {
    const tokens = new RunTokens();
    assert.equal(tokens.issue('x'.repeat(300)), null);
    for (let i = 0; i < 2048; i += 1) assert.notEqual(tokens.issue('ann'), null);
    assert.equal(tokens.issue('ann'), null);
  });
});
