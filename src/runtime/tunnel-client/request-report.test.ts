import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import { RequestBook } from '../../services/tunnel-client/request-book.ts';
import { exposedTunnel, openMessage } from '../../../test/support/local-end.ts';
import { requestReport } from './request-report.ts';

test('a report masks what is secret, and shows bodies as text where they are', () => {
  const book = new RequestBook({ requests: 9, bodyBytes: 5 });
  const headers = [
    ['Authorization', 'Bearer abc'],
    ['Cookie', 'a=b'],
    ['Accept', 'text/html'],
  ] as const;
  const capture = book.begin(openMessage({ path: '/?token=abc&a=b', headers }), exposedTunnel(1));
  capture.takeRequest(Buffer.from('h\u00e9ll\u00f6'));
  capture.head(writeMsgpack({ status: 200, headers: [['Set-Cookie', 'a=b; Path=/']] }));
  capture.takeAnswer(Buffer.from([0, 1, 2]), 0, 3);
  const [entry] = book.entries();
  assert.ok(entry !== undefined);
  const masked = requestReport(entry, false);
  assert.deepEqual(
    masked.requestHeaders.map(([, value]) => value.replace(/^\w+ (?=\*)/, '')),
    ['***', '***', 'text/html'],
  );
  assert.doesNotMatch(JSON.stringify(masked), /abc|a=b; Path/);
  assert.deepEqual(masked.request, { bytes: 7, text: 'h\u00e9ll', base64: null, cut: true });
  assert.deepEqual(masked.answer, { bytes: 3, text: null, base64: 'AAEC', cut: false });
  assert.equal(requestReport(entry, true).requestHeaders[0]?.[1], 'Bearer abc');
});
