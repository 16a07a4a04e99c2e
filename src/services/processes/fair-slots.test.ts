import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FairSlots, type Place } from './fair-slots.ts';

interface Line {
  readonly slots: FairSlots;
  readonly order: string[];
  enter(name: string): Place | null;
}

/** Names begin with the letter of their user. */
function line(running: number, waiting = 100): Line {
  const slots = new FairSlots({ running, waiting });
  const order: string[] = [];
  return { slots, order, enter: (name) => slots.enter(name.slice(0, 1), () => void order.push(name)) };
}

describe('slots', () => {
  test('are given at once while there are some', () => {
    const { slots, order, enter } = line(2);
    const places = ['a1', 'a2', 'a3'].map(enter);
    assert.deepEqual(order, ['a1', 'a2']);
    assert.deepEqual([slots.running, slots.waiting], [2, 1]);
    assert.deepEqual(
      places.map((place) => place?.position),
      [0, 0, 1],
    );
  });

  test('go to the users in turn, however much one of them asks for', () => {
    const { order, enter } = line(1);
    const places = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2'].map(enter);
    const waiting = places.slice(1).map((place) => place?.position);
    assert.deepEqual(waiting, [1, 4, 6, 2, 3, 5]);
    for (const name of [...order, 'a2', 'b1', 'c1', 'a3', 'b2']) {
      places[['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2'].indexOf(name)]?.leave();
    }
    assert.deepEqual(order, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  test('are refused when too many wait', () => {
    const { enter, slots } = line(1, 1);
    const [first, second, third] = ['a1', 'a2', 'b1'].map(enter);
    assert.equal(third, null);
    first?.leave();
    assert.equal(slots.waiting, 0);
    assert.ok(enter('b2'));
    second?.leave();
  });

  test('are not given to one that has left, and leaving twice gives one slot back', () => {
    const { slots, order, enter } = line(1);
    const [first, second] = ['a1', 'b1', 'c1'].map(enter);
    second?.leave();
    first?.leave();
    first?.leave();
    assert.deepEqual(order, ['a1', 'c1']);
    assert.deepEqual([slots.running, slots.waiting], [1, 0]);
  });

  test('that are all taken say when to come again', () => {
    const { slots, enter } = line(1, 1);
    for (const name of ['a1', 'a2']) enter(name);
    const { code, retryAfterMs, message } = slots.refusal('later');
    assert.deepEqual([code, message], ['processes_busy', 'later']);
    assert.ok((retryAfterMs ?? 0) >= 1000 && (retryAfterMs ?? 0) <= 60_000);
  });

  test('become more or fewer without taking one away', () => {
    const { slots, order, enter } = line(1);
    for (const name of ['a1', 'a2', 'a3']) enter(name);
    slots.setLimits({ running: 2, waiting: 0 });
    assert.deepEqual(order, ['a1', 'a2']);
    slots.setLimits({ running: 1, waiting: 0 });
    assert.deepEqual([slots.running, slots.waiting], [2, 1]);
    assert.equal(enter('b1'), null);
  });
});
