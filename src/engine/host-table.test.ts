import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostTable } from './host-table.ts';

function tableOf(...patterns: readonly string[]): HostTable<string> {
  const table = new HostTable<string>();
  for (const pattern of patterns) table.ensure(pattern, () => pattern);
  return table;
}

function within(host: string): [bytes: Buffer, from: number, to: number] {
  return [Buffer.from(`Host: ${host}:80`, 'latin1'), 6, 6 + host.length];
}

function wildcardsOf(table: HostTable<string>, host: string): string[] {
  const seen: string[] = [];
  table.findWildcard(...within(host), (value) => {
    seen.push(value);
    return null;
  });
  return seen;
}

describe('HostTable', () => {
  test('finds a name whatever its case', () => {
    const table = tableOf('a.test', 'B.test');
    assert.equal(table.findExact(...within('a.test')), 'a.test');
    assert.equal(table.findExact(...within('A.TeSt')), 'a.test');
    assert.equal(table.findExact(...within('b.test')), 'B.test');
    for (const host of ['', 'a.tes', 'a.test.', 'xa.test', 'a-test'])
      assert.equal(table.findExact(...within(host)), null);
  });

  test('makes one value per name', () => {
    const table = tableOf('a.test');
    assert.equal(
      table.ensure('A.test', () => assert.fail('there is one already')),
      'a.test',
    );
    assert.equal(
      table.ensure('*.a.test', () => 'another one'),
      'another one',
    );
  });

  test('knows nothing while it is empty', () => {
    const table = tableOf();
    assert.equal(table.findExact(...within('a.test')), null);
    assert.deepEqual(wildcardsOf(table, 'a.test'), []);
  });

  test('matches a wildcard with any name below it, and not with the name itself', () => {
    const table = tableOf('*.a.test');
    assert.deepEqual(wildcardsOf(table, 'x.a.test'), ['*.a.test']);
    assert.deepEqual(wildcardsOf(table, 'X.Y.A.test'), ['*.a.test']);
    assert.deepEqual(wildcardsOf(table, 'a.test'), []);
    assert.deepEqual(wildcardsOf(table, '.a.test'), [], 'an empty label is none');
    assert.deepEqual(wildcardsOf(table, 'xa.test'), []);
    assert.equal(table.findExact(...within('a.test')), null);
  });

  test('offers the longest wildcard first, and the next one when that is not taken', () => {
    const table = tableOf('*.test', '*.b.a.test', '*.a.test');
    assert.deepEqual(wildcardsOf(table, 'c.b.a.test'), ['*.b.a.test', '*.a.test', '*.test']);
    assert.equal(
      table.findWildcard(...within('c.b.a.test'), (value) => (value === '*.a.test' ? 'taken' : null)),
      'taken',
    );
  });

  test('keeps thousands of names apart', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `host-${index}.test`);
    const table = tableOf(...names);
    for (const name of names) assert.equal(table.findExact(...within(name)), name);
    assert.equal(table.findExact(...within('host-3000.test')), null);
  });
});
