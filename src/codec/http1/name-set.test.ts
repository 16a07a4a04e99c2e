import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead } from '../../../test/support/playbook-heads.ts';
import { NameSet } from './name-set.ts';

const head = requestHead(
  'GET / HTTP/1.1',
  'Host: a',
  'X-One: 1',
  'cookie: 2',
  'X-Two: 3',
  'x-ONE: 4',
  'Connection: x-two',
);

describe('a set of names', () => {
  test('tells the position of each field, whatever its spelling, with and without a number', () => {
    const names = new NameSet(['x-one', 'Cookie', 'x-six', 'x-longer-than-all']);
    const positions = Array.from({ length: head.count }, (_, index) => names.positionOf(head, index));
    assert.deepEqual(positions, [-1, 0, 1, -1, 0, -1]);
  });

  test('tells which names a head has, without those of the connection', () => {
    assert.equal(new NameSet(['x-none', 'x-one', 'x-two', 'cookie', 'host']).whichOf(head), 0b11010);
    assert.equal(new NameSet([]).whichOf(head), 0);
  });
});
