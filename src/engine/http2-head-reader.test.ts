import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FRAMING, METHOD } from '../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../codec/http1/message-parser.ts';
import { RequestParser, ResponseParser } from '../codec/http1/parser.ts';
import { trailerList } from './http2-head.ts';
import { Http2HeadReader } from './http2-head-reader.ts';

function requestReader(): Http2HeadReader {
  return new Http2HeadReader((sink) => new RequestParser(DEFAULT_LIMITS, sink));
}

function responseReader(methodId: number): Http2HeadReader {
  const reader = new Http2HeadReader((sink) => new ResponseParser(DEFAULT_LIMITS, sink));
  (reader.parser as ResponseParser).expect(methodId);
  return reader;
}

function bytes(...lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const UPLOAD = bytes('POST /a HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked');

describe('a head that was written down from HTTP/2', () => {
  test('is read as HTTP/1.1', () => {
    const other = requestReader();
    const reader = requestReader();
    assert.equal(reader.read(bytes('GET /a?b HTTP/1.1', 'Host: a.test', 'x-own: 1')), null);
    const { head } = reader.parser;
    assert.deepEqual([head.method(), head.target(), head.count, head.value(1)], ['GET', '/a?b', 2, '1']);
    assert.equal(other.parser.head.count, 0, 'each reader has a head of its own');
  });

  test('is good for one message: the next one begins anew', () => {
    const reader = requestReader();
    reader.read(UPLOAD);
    assert.equal(reader.parser.head.framing, FRAMING.CHUNKED);
    assert.equal(reader.read(bytes('GET /b HTTP/1.1', 'Host: b.test')), null);
    const { head } = reader.parser;
    assert.deepEqual([head.target(), head.count, head.framing], ['/b', 1, FRAMING.NONE]);
  });

  test('has the faults of HTTP/1.1, which the next one does not inherit', () => {
    const reader = requestReader();
    assert.equal(reader.read(bytes('GET /a b HTTP/1.1', 'Host: a.test'))?.code, 'request_invalid');
    assert.equal(reader.read(bytes('GET /a HTTP/1.1', 'Host: a.test', 'x own: 1'))?.code, 'request_invalid');
    assert.equal(reader.read(bytes('GET /a HTTP/1.1'))?.code, 'request_invalid', 'without a host');
    assert.equal(reader.read(bytes('GET /a HTTP/1.1', 'Host: a.test')), null);
  });

  test('has the limits of HTTP/1.1', () => {
    const reader = requestReader();
    const longTarget = `/${'a'.repeat(DEFAULT_LIMITS.maxTargetBytes)}`;
    assert.equal(reader.read(bytes(`GET ${longTarget} HTTP/1.1`, 'Host: a'))?.code, 'request_target_too_long');
    const fields = Array.from({ length: DEFAULT_LIMITS.maxFields + 1 }, (_, index) => `x-${index}: 1`);
    assert.equal(reader.read(bytes('GET / HTTP/1.1', 'Host: a', ...fields))?.code, 'request_head_too_large');
  });

  test('leaves nothing behind when it is forgotten', () => {
    const reader = requestReader();
    reader.read(bytes('HEAD /secret HTTP/1.1', 'Host: a.test'));
    reader.forget();
    const { head } = reader.parser;
    assert.deepEqual([head.methodId, head.count, head.target()], [METHOD.OTHER, 0, '']);
  });

  test('of an answer knows what was asked', () => {
    const answer = bytes('HTTP/1.1 200 ', 'content-length: 5');
    const get = responseReader(METHOD.GET);
    assert.equal(get.read(answer), null);
    assert.equal(get.parser.head.framing, FRAMING.LENGTH);
    const head = responseReader(METHOD.HEAD);
    assert.equal(head.read(answer), null);
    assert.equal(head.parser.head.framing, FRAMING.NONE);
  });

  test('may come after interim ones', () => {
    const reader = responseReader(METHOD.GET);
    assert.equal(reader.read(bytes('HTTP/1.1 103 ', 'link: </a>; rel=preload')), null);
    assert.equal(reader.parser.head.status, 103);
    assert.equal(reader.read(bytes('HTTP/1.1 200 ', 'content-length: 5')), null);
    assert.equal(reader.parser.head.status, 200);
  });
});

describe('trailers of such a message', () => {
  test('are read, without those that route or authenticate', () => {
    const reader = requestReader();
    reader.read(UPLOAD);
    const trailers = reader.readTrailers([
      'x-sum',
      '42',
      'authorization',
      'Basic eA==',
      'host',
      'b',
      'content-length',
      '1',
    ]);
    assert.deepEqual(trailerList(trailers), ['x-sum', '42']);
    assert.equal(reader.parser.head.target(), '/a', 'the head stays what it was');
  });

  test('are none when there are none', () => {
    const reader = requestReader();
    reader.read(UPLOAD);
    assert.equal(reader.readTrailers(null), null);
    assert.equal(reader.readTrailers([]), null);
  });

  test('that cannot be read are left out, and spoil no later message', () => {
    const reader = requestReader();
    reader.read(UPLOAD);
    assert.equal(reader.readTrailers(['x sum', '42']), null);
    assert.equal(reader.read(UPLOAD), null);
    assert.deepEqual(trailerList(reader.readTrailers(['x-sum', '42'])), ['x-sum', '42']);
  });
});
