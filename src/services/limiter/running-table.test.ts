import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { REFUSED, RunningTable, UNCOUNTED } from './running-table.ts';

describe('what is running', () => {
  test('is counted for each key alone, and for each scope', () => {
    const table = new RunningTable({ capacity: 64 });
    const [one, other] = [table.scope('one'), table.scope('other')];
    const first = table.enter(one, 'a', 2);
    assert.ok(first >= 0);
    assert.equal(table.enter(one, 'a', 2), first);
    assert.equal(table.enter(one, 'a', 2), REFUSED);
    assert.ok(table.enter(one, 'b', 2) >= 0);
    assert.ok(table.enter(other, 'a', 1) >= 0);
    assert.deepEqual([table.count(one, 'a'), table.count(other, 'a'), table.count(one, 'c')], [2, 1, 0]);
    table.leave(first);
    assert.equal(table.count(one, 'a'), 1);
    assert.equal(table.enter(one, 'a', 2), first);
    assert.equal(table.enter(one, 'a', 2), REFUSED);
  });

  test('is never more than may be, in whatever order it comes and goes', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), enters: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new RunningTable({ capacity: 64 });
        const scope = table.scope('x');
        const running = new Map<string, number[]>([
          ['a', []],
          ['b', []],
          ['c', []],
        ]);
        for (const { key, enters } of steps) {
          const places = running.get(key) ?? [];
          if (!enters) table.leave(places.pop() ?? REFUSED);
          else {
            const place = table.enter(scope, key, 3);
            assert.equal(place >= 0, places.length < 3);
            if (place >= 0) places.push(place);
          }
        }
      }),
    );
  });

  test('of a key for which there is no room is not counted, and refused nothing', () => {
    const table = new RunningTable({ capacity: 8 });
    const scope = table.scope('x');
    const places = Array.from({ length: 8 }, (_, index) => table.enter(scope, `key ${index}`, 1));
    assert.equal(new Set(places).size, 8);
    assert.equal(table.enter(scope, 'one more', 1), UNCOUNTED);
    table.leave(UNCOUNTED);
    table.leave(places[3] ?? -1);
    assert.equal(table.enter(scope, 'one more', 1), places[3]);
  });
});

describe('several threads', () => {
  test('count together, and what one of them leaves behind is taken back', () => {
    const first = new RunningTable({ capacity: 64, threads: 2 });
    const second = new RunningTable({ memory: first.memory, thread: 1 });
    assert.equal(second.capacity, 64);
    const scope = first.scope('x');
    assert.equal(second.scope('x'), scope);
    const place = first.enter(scope, 'a', 3);
    assert.equal(second.enter(scope, 'a', 3), place);
    assert.equal(second.enter(scope, 'a', 3), place);
    assert.equal(first.enter(scope, 'a', 3), REFUSED);
    first.forget(1);
    assert.equal(first.enter(scope, 'a', 3), place);
    assert.equal(first.enter(scope, 'a', 3), place);
    assert.equal(first.enter(scope, 'a', 3), REFUSED);
    first.forget(1);
    second.leave(place);
    assert.equal(first.enter(scope, 'a', 3), REFUSED);
  });
});
