import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FLOAT, FLOATS_PER_SLOT, GATE, INT, INTS_PER_SLOT, MemberSlot } from './member-slot.ts';

function slots(): [first: MemberSlot, second: MemberSlot] {
  const ints = new Int32Array(new SharedArrayBuffer(2 * INTS_PER_SLOT * 4));
  const floats = new Float64Array(new SharedArrayBuffer(2 * FLOATS_PER_SLOT * 8));
  return [new MemberSlot(ints, floats, 0), new MemberSlot(ints, floats, 1)];
}

describe('a slot', () => {
  test('keeps each number apart from all others, also from those of the next slot', () => {
    const [first, second] = slots();
    const intFields = Object.values(INT);
    const floatFields = Object.values(FLOAT);
    for (const field of intFields) first.set(field, field + 1);
    for (const field of floatFields) first.write(field, field + 0.5);
    assert.deepEqual(
      intFields.map((field) => first.get(field)),
      intFields.map((field) => field + 1),
    );
    assert.deepEqual(
      floatFields.map((field) => first.read(field)),
      floatFields.map((field) => field + 0.5),
    );
    assert.ok(intFields.every((field) => second.get(field) === 0));
    assert.ok(floatFields.every((field) => second.read(field) === 0));
  });

  test('has room for all of its numbers', () => {
    assert.ok(Math.max(...Object.values(INT)) + 1 < INTS_PER_SLOT);
    assert.ok(Math.max(...Object.values(FLOAT)) < FLOATS_PER_SLOT);
  });

  test('raises and lowers each bit of the gate once', () => {
    const [slot] = slots();
    assert.equal(slot.raise(GATE.TRIPPED), true);
    assert.equal(slot.raise(GATE.TRIPPED), false);
    assert.equal(slot.raise(GATE.COOLING), true);
    assert.equal(slot.get(INT.GATE), GATE.TRIPPED | GATE.COOLING);
    assert.equal(slot.lower(GATE.TRIPPED), true);
    assert.equal(slot.lower(GATE.TRIPPED), false);
    assert.equal(slot.get(INT.GATE), GATE.COOLING);
  });

  test('swaps a number only when it is what it was thought to be', () => {
    const [slot] = slots();
    assert.equal(slot.swap(INT.BREAKER, 1, 2), false);
    assert.equal(slot.swap(INT.BREAKER, 0, 2), true);
    assert.equal(slot.get(INT.BREAKER), 2);
  });

  test('adds up totals beyond 32 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 40), { maxLength: 40 }), (amounts) => {
        const [slot] = slots();
        for (const amount of amounts) slot.count(INT.BYTES_SENT, amount);
        const sum = amounts.reduce((total, amount) => total + amount, 0);
        return slot.total(INT.BYTES_SENT) === sum && slot.total(INT.BYTES_RECEIVED) === 0;
      }),
    );
  });
});
