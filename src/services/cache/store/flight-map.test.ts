import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlightMap, type Keyed } from './flight-map.ts';

interface Item extends Keyed<Item> {
  readonly number: number;
}

test('flights are found by their keys while they last, however many there are', () => {
  const map = new FlightMap<Item>();
  const items = Array.from({ length: 2000 }, (_, number): Item => ({ key: `key ${number}`, next: null, number }));
  for (const item of items) map.add(item);
  for (const item of items) assert.equal(map.get(item.key), item);
  for (const item of items) if (item.number % 3 > 0) assert.equal(map.remove(item), true);
  for (const item of items) assert.equal(map.get(item.key), item.number % 3 > 0 ? undefined : item);
  assert.equal(map.remove(items[1]!), false);
  assert.equal(items[1]!.next, null);
  map.add(items[1]!);
  assert.equal(map.get('key 1')?.number, 1);
});
