import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { DnsCache } from '../../transport/dns-cache.ts';
import { localServer } from '../../../test/support/exposed.ts';
import { exposedTunnel, openMessage } from '../../../test/support/local-end.ts';
import { LocalLines } from './local-lines.ts';
import { hindrance, replay } from './replay.ts';
import { RequestBook } from './request-book.ts';

test('a request is asked again as it was, and the book has both', async (t) => {
  const heard: string[] = [];
  const { port } = await localServer(t, (request, response) => {
    void text(request).then((body) => {
      heard.push(`${request.method} ${request.url} ${String(request.headers['x-a'])} ${body}`);
      response.end('again');
    });
  });
  const lines = new LocalLines({ host: '127.0.0.1', port }, new DnsCache());
  t.after(() => lines.close());
  const book = new RequestBook({ requests: 9, bodyBytes: 100 });
  const headers = [['X-A', 'b']] as const;
  const open = openMessage({ method: 'POST', path: '/a?b', hasBody: true, headers });
  const capture = book.begin(open, exposedTunnel(port));
  capture.takeRequest(Buffer.from('hello'));
  capture.end(1);
  const [entry] = book.entries();
  assert.ok(entry !== undefined);
  const repeated = await replay(entry, { book, lines });
  assert.deepEqual(heard, ['POST /a?b b hello']);
  assert.deepEqual([repeated.replayOf, repeated.status, String(repeated.answer.bytes)], [entry.id, 200, 'again']);
  assert.deepEqual([String(repeated.request.bytes), book.entries().length], ['hello', 2]);
});

test('what cannot be the same again is not asked', () => {
  const book = new RequestBook({ requests: 9, bodyBytes: 2 });
  book.begin(openMessage({ mode: 'ws' }), exposedTunnel(1));
  book.begin(openMessage({ hasBody: true }), exposedTunnel(1)).takeRequest(Buffer.from('abc'));
  book.begin(openMessage({ hasBody: true }), exposedTunnel(1));
  book.begin(openMessage(), exposedTunnel(1));
  const reasons = book.entries().map((entry) => hindrance(entry));
  assert.deepEqual(reasons, [
    null,
    'its body is still on its way',
    'its body is longer than what is kept of bodies',
    'it was a WebSocket, which cannot be asked again',
  ]);
});
