import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainSetOfPatterns } from './domain-filter.ts';
import { DomainShelf } from './domain-shelf.ts';

test('a shelf has the lists that were put there last, each as one set', () => {
  const shelf = new DomainShelf();
  const [a, b] = [domainSetOfPatterns(['a.test']).memory, domainSetOfPatterns(['b.test']).memory];
  shelf.put(new Map([['a.txt', a]]));
  const set = shelf.requireSet('a.txt');
  assert.ok(set.find('a.test') >= 0);
  shelf.put(
    new Map([
      ['a.txt', a],
      ['b.txt', b],
    ]),
  );
  assert.equal(shelf.requireSet('a.txt'), set);
  assert.ok(shelf.requireSet('b.txt').find('b.test') >= 0);
  shelf.put(new Map([['a.txt', b]]));
  assert.notEqual(shelf.requireSet('a.txt'), set);
  assert.throws(() => shelf.requireSet('b.txt'), { code: 'internal' });
});
