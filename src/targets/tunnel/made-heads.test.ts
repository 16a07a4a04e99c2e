import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTINUE, interimHead, trailersOf } from './made-heads.ts';

test('a head before the answer has its status and its fields', () => {
  const head = interimHead(103, [['Link', '</a>']]);
  assert.deepEqual([head.status, head.count, head.name(0), head.value(0)], [103, 1, 'Link', '</a>']);
  assert.deepEqual([interimHead(102, []).count, CONTINUE.status], [0, 100]);
});

test('what may not be a trailer is none', () => {
  const trailers = trailersOf([
    ['X-Sum', '1'],
    ['Content-Length', '5'],
    ['X-Evil', 'a\r\nb'],
  ]);
  assert.deepEqual([trailers?.count, trailers?.name(0)], [1, 'X-Sum']);
  assert.equal(trailersOf([['Content-Length', '5']]), null);
});
