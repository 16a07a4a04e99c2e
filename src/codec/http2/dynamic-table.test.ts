import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamicTable } from './dynamic-table.ts';
import { HeaderField } from './header-field.ts';

const field = (value: string): HeaderField => new HeaderField('name', value);
const values = (table: DynamicTable): (string | undefined)[] =>
  Array.from({ length: 20 }, (_, index) => table.entry(index + 1)?.value).filter((value) => value !== undefined);

test('the newest entry comes first', () => {
  const table = new DynamicTable(4096);
  for (let count = 1; count <= 12; count++) table.add(field(String(count)));
  assert.deepEqual(values(table), ['12', '11', '10', '9', '8', '7', '6', '5', '4', '3', '2', '1']);
  assert.equal(table.entry(13), null);
});

test('the oldest leave when there is no room, and one without any room at all empties the table', () => {
  const table = new DynamicTable(3 * 37);
  for (const value of ['1', '2', '3', '4']) table.add(field(value));
  assert.deepEqual(values(table), ['4', '3', '2']);
  table.add(field('x'.repeat(100)));
  assert.deepEqual(values(table), []);
  table.add(field('5'));
  assert.deepEqual(values(table), ['5']);
});

test('a smaller table keeps what fits, and one of no size keeps nothing', () => {
  const table = new DynamicTable(4096);
  for (const value of ['1', '2', '3']) table.add(field(value));
  table.resize(2 * 37);
  assert.deepEqual(values(table), ['3', '2']);
  table.resize(0);
  table.resize(4096);
  assert.deepEqual(values(table), []);
});

test('what has left is let go of, however long the table lives', () => {
  const table = new DynamicTable(2 * 38);
  for (let count = 10; count < 90; count++) table.add(field(String(count)));
  assert.deepEqual(values(table), ['89', '88']);
});
