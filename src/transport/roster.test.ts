import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Roster } from './roster.ts';

function entries(...names: readonly string[]): { name: string; place: number }[] {
  return names.map((name) => ({ name, place: -1 }));
}

describe('a roster', () => {
  test('holds what was added and not deleted', () => {
    const roster = new Roster<{ name: string; place: number }>();
    const [a, b, c] = entries('a', 'b', 'c');
    for (const entry of [a!, b!, c!]) roster.add(entry);
    assert.equal(roster.delete(a!), true);
    assert.deepEqual([...roster].map(({ name }) => name).toSorted(), ['b', 'c']);
    assert.equal(roster.delete(a!), false);
    roster.add(a!);
    assert.equal(roster.delete(c!), true);
    assert.equal(roster.delete(b!), true);
    assert.deepEqual([roster.size, [...roster]], [1, [a]]);
  });

  test('does not take what stands on another roster for its own', () => {
    const [one, two] = [new Roster<{ name: string; place: number }>(), new Roster<{ name: string; place: number }>()];
    const [a, b] = entries('a', 'b');
    one.add(a!);
    two.add(b!);
    assert.equal(one.delete(b!), false);
    assert.deepEqual([one.size, two.size], [1, 1]);
  });

  test('can be left while it is walked', () => {
    const roster = new Roster<{ name: string; place: number }>();
    for (const entry of entries('a', 'b', 'c', 'd')) roster.add(entry);
    const seen: string[] = [];
    for (const entry of roster) {
      seen.push(entry.name);
      roster.delete(entry);
    }
    assert.deepEqual([seen, roster.size], [['a', 'b', 'c', 'd'], 0]);
  });
});
