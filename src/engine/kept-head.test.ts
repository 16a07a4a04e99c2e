import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readyHead } from '../codec/http1/ready-head.ts';
import { keptHead, keptTrailers } from './kept-head.ts';

test('a head that was kept as bytes is read with what is added for one client, and stays when others are read', () => {
  const bytes = Buffer.concat([Buffer.from('xx'), readyHead(404, [['ETag', '"a"']], 3), Buffer.from('abc')]);
  const place = { headFrom: 2, headTo: bytes.length - 3, bodyFrom: bytes.length - 3, bodyTo: bytes.length };
  const read = keptHead({ status: 404, head: bytes, body: bytes, ...place }, 'Age: 7\r\n');
  keptTrailers([['X-Sum', '1']]);
  const fields = Array.from({ length: read.count }, (_, index) => [read.name(index), read.value(index)]);
  assert.deepEqual(
    [read.status, fields],
    [
      404,
      [
        ['ETag', '"a"'],
        ['Content-Length', '3'],
        ['Age', '7'],
      ],
    ],
  );
});

test('trailers that were kept as text become a section again', () => {
  const trailers = keptTrailers([['X-Sum', '1']]);
  assert.deepEqual([trailers.count, trailers.name(0), trailers.value(0)], [1, 'X-Sum', '1']);
});
