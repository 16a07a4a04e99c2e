import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import { exposedTunnel, openMessage } from '../../../test/support/local-end.ts';
import { RequestBook } from './request-book.ts';

test('a book keeps the latest requests, and the first bytes of their bodies', () => {
  const book = new RequestBook({ requests: 2, bodyBytes: 4 });
  for (const path of ['/1', '/2', '/3']) {
    const capture = book.begin(openMessage({ path }), exposedTunnel(1));
    capture.takeRequest(Buffer.from('abc'));
    capture.takeRequest(Buffer.from('def'));
    capture.head(writeMsgpack({ status: 201, headers: [['A', 'b']] }));
    capture.takeAnswer(Buffer.from('-xy-'), 1, 3);
    capture.end(5);
  }
  const seen = book.entries().map(({ id, open, request, answer, status, durationMs }) => {
    return [id, open.path, String(request.bytes), request.length, String(answer.bytes), status, durationMs];
  });
  assert.deepEqual(seen, [
    [3, '/3', 'abcd', 6, 'xy', 201, 5],
    [2, '/2', 'abcd', 6, 'xy', 201, 5],
  ]);
  assert.deepEqual(book.find(3)?.answerHeaders, [['A', 'b']]);
  assert.equal(book.find(1), null);
  book.keep({ requests: 1, bodyBytes: 4 });
  assert.equal(book.entries().length, 1);
  book.clear();
  assert.deepEqual(book.entries(), []);
});

test('of a WebSocket no messages are kept, and what has no answer has no status', () => {
  const book = new RequestBook({ requests: 2, bodyBytes: 4 });
  book.begin(openMessage({ mode: 'ws' }), exposedTunnel(1)).takeRequest(Buffer.from('abc'));
  const [entry] = book.entries();
  assert.deepEqual([entry?.request.bytes.length, entry?.request.length, entry?.status], [0, 3, 0]);
  assert.deepEqual([entry?.answerHeaders, entry?.durationMs], [[], null]);
});
