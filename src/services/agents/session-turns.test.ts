import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionTurns } from './session-turns.ts';

describe('the turns with a session', () => {
  test('come one after the other, and those of another session at once', () => {
    const turns = new SessionTurns();
    const begun: string[] = [];
    const one = turns.enter('s', () => begun.push('one'));
    const two = turns.enter('s', () => begun.push('two'));
    const three = turns.enter('s', () => begun.push('three'));
    turns.enter('other', () => begun.push('other'));
    assert.deepEqual(begun, ['one', 'other']);
    assert.deepEqual([one.isWaiting, two.isWaiting], [false, true]);
    two.leave();
    assert.deepEqual(begun, ['one', 'other']);
    one.leave();
    one.leave();
    assert.deepEqual(begun, ['one', 'other', 'three']);
    three.leave();
    turns.enter('s', () => begun.push('four'));
    assert.equal(begun.at(-1), 'four');
  });

  test('begin with the run that has begun the session', () => {
    const turns = new SessionTurns();
    const begun: string[] = [];
    const first = turns.claim('s');
    assert.equal(turns.claim('s'), null);
    turns.enter('s', () => begun.push('next'));
    assert.deepEqual(begun, []);
    first?.leave();
    assert.deepEqual(begun, ['next']);
  });
});
