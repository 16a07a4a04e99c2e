import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import { ReadyLines } from './ready-lines.ts';

test('ready lines are what their fields say, in order and spelling', () => {
  const lines = new ReadyLines([
    ['X-One', '1'],
    ['x-TWO', '→'],
    ['X-One', ''],
  ]);
  assert.equal(lines.text, `X-One: 1\r\nx-TWO: ${Buffer.from('→').toString('latin1')}\r\nX-One: \r\n`);
  assert.deepEqual(lines.names, ['x-one', 'x-two', 'x-one']);
  assert.equal(lines.fields.length, 3);
  assert.equal(new ReadyLines([]).text, '');
});

test('ready lines are refused where one of them would begin a line of its own', () => {
  assert.throws(() => new ReadyLines([['X-One', 'a\r\nEvil: 1']]), SluiceError);
});
