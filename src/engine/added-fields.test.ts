import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadyLines } from '../codec/http1/ready-lines.ts';
import { OutBuffer } from '../codec/http1/writer.ts';
import { AddedFields } from './added-fields.ts';

const READY = new ReadyLines([
  ['X-Two', '2'],
  ['X-Three', '3'],
]);

function some(): AddedFields {
  const added = new AddedFields();
  added.append('X-One', '1');
  added.appendReady(READY);
  added.append('x-three', 'more');
  return added;
}

function written(added: AddedFields): string {
  const out = new OutBuffer();
  added.write(out);
  return out.bytes.toString('latin1', 0, out.length);
}

function listed(added: AddedFields): string[] {
  const list: string[] = [];
  added.appendTo(list);
  return list;
}

describe('added fields', () => {
  test('are written in the order in which they came, single ones and ready ones', () => {
    assert.equal(written(some()), 'X-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\nx-three: more\r\n');
    assert.deepEqual(listed(some()), ['x-one', '1', 'x-two', '2', 'x-three', '3', 'x-three', 'more']);
  });

  test('are found by name, the first of several', () => {
    const added = some();
    assert.deepEqual(
      ['x-one', 'x-two', 'x-three', 'x-four', 'x-'].map((name) => added.find(name)),
      ['1', '2', '3', undefined, undefined],
    );
    assert.deepEqual(added.all('x-three'), ['3', 'more']);
    assert.deepEqual(added.entries()[1], ['X-Two', '2']);
  });

  test('are taken out one by one, also from among ready ones, which others keep', () => {
    const added = some();
    added.remove('x-three');
    added.remove('x-none');
    assert.equal(written(added), 'X-One: 1\r\nX-Two: 2\r\n');
    assert.match(written(some()), /X-Three: 3/);
    added.remove('x-one');
    added.remove('x-two');
    assert.equal(added.isEmpty, true);
  });

  test('of one message do not reach the next', () => {
    const added = some();
    added.clear();
    assert.equal(added.isEmpty, true);
    assert.equal(written(added), '');
    assert.equal(new AddedFields().isEmpty, true);
  });
});
