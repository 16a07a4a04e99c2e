import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BINDING_BYTES, BindingTable, UNBOUND } from './binding-table.ts';

const HOUR_MS = 3_600_000;

function table(now: () => number = () => 0, memory = new SharedArrayBuffer(BINDING_BYTES)): BindingTable {
  return new BindingTable(memory, 0, { isFirst: true, now });
}

describe('a binding', () => {
  test('is the same in every thread, and of one group only', () => {
    const memory = new SharedArrayBuffer(BINDING_BYTES + 64);
    const one = new BindingTable(memory, 64, { isFirst: true });
    const other = new BindingTable(memory, 64, { isFirst: false });
    assert.equal(one.find('g', 'a'), UNBOUND);
    assert.equal(one.bind('g', 'a', 7, UNBOUND), 7);
    assert.equal(other.find('g', 'a'), 7);
    assert.equal(other.find('h', 'a'), UNBOUND);
    assert.equal(other.find('g', 'b'), UNBOUND);
  });

  test('goes to whoever was quicker, and moves from where it was known to be', () => {
    const bindings = table();
    assert.equal(bindings.bind('g', 'a', -7, UNBOUND), -7);
    assert.equal(bindings.bind('g', 'a', 8, UNBOUND), -7);
    assert.equal(bindings.bind('g', 'a', 9, -7), 9);
    assert.equal(bindings.bind('g', 'a', 10, -7), 9);
    assert.equal(bindings.find('g', 'a'), 9);
  });

  test('holds for an hour after its last use', () => {
    let at = 0;
    const bindings = table(() => at);
    bindings.bind('g', 'a', 7, UNBOUND);
    at += HOUR_MS - 1000;
    assert.equal(bindings.find('g', 'a'), 7);
    at += HOUR_MS - 1000;
    assert.equal(bindings.find('g', 'a'), 7);
    at += HOUR_MS;
    assert.equal(bindings.find('g', 'a'), UNBOUND);
    assert.equal(bindings.bind('g', 'a', 8, UNBOUND), 8);
  });

  test('gives way to a newer one when there is no more room, the one unused for longest first', () => {
    let at = 0;
    const bindings = table(() => at);
    bindings.bind('g', 'kept', 1, UNBOUND);
    bindings.bind('g', 'left', 1, UNBOUND);
    for (let index = 0; index < 200_000; index += 1) {
      if (index % 1000 === 0) {
        at += 1000;
        assert.equal(bindings.find('g', 'kept'), 1);
      }
      bindings.bind('g', `k${index}`, 1, UNBOUND);
    }
    assert.equal(bindings.find('g', 'left'), UNBOUND);
    assert.equal(bindings.find('g', 'k199999'), 1);
  });
});
