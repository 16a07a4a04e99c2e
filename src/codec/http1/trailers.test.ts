import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeWholeLines } from './field-lines.ts';
import { FIELD, Head } from './head.ts';
import { copyTrailers } from './trailers.ts';
import { OutBuffer, writeFields } from './writer.ts';

function section(...lines: string[]): Head {
  const head = new Head();
  head.bytes = Buffer.from(`..${lines.map((line) => `${line}\r\n`).join('')}\r\n......`, 'latin1');
  head.start = 2;
  head.length = head.bytes.length - 8;
  takeWholeLines(head, 100, 2, head.bytes.length - 6);
  assert.equal(head.count, lines.length);
  return head;
}

describe('trailers', () => {
  test('are copied, so that they outlive the bytes they came in', () => {
    const received = section('X-A: 1', 'ETag:  "2" ', 'Grpc-Status: 0');
    const kept = copyTrailers(received);
    received.bytes.fill(0);
    assert.ok(kept);
    const fields = Array.from({ length: kept.count }, (_, index) => [kept.name(index), kept.value(index)]);
    assert.deepEqual(fields, [
      ['X-A', '1'],
      ['ETag', '"2"'],
      ['Grpc-Status', '0'],
    ]);
    assert.equal(kept.find(FIELD.ETAG), 1);
  });

  test('can be written like the fields of a head', () => {
    const kept = copyTrailers(section('Content-Length: 5', 'X-A: 1', 'Host: a', 'X-B: 2'));
    assert.ok(kept);
    const out = new OutBuffer();
    writeFields(out, kept, kept.drop);
    assert.equal(out.bytes.toString('latin1', 0, out.length), 'X-A: 1\r\nX-B: 2\r\n');
  });

  test('that must not come so late are dropped, in any case', () => {
    assert.equal(
      copyTrailers(section('HOST: a', 'content-md5: b', 'Proxy-X: c', 'Sec-X: d', 'If-X: e', 'ACCEPT: f')),
      null,
    );
    assert.equal(copyTrailers(section('Access-Control-Allow-Origin: *', 'X-Forwarded-Port: 1', 'Accept-Ch: a')), null);
  });

  test('may be more than a head has room for at first', () => {
    const kept = copyTrailers(section(...Array.from({ length: 24 }, (_, index) => `X-${index}: ${index}`)));
    assert.equal(kept?.count, 24);
    assert.equal(kept?.value(23), '23');
  });
});
