// Heads for tests of what works on heads, read by the real parsers.
// Rule: the head lies in bytes of its own, with others before and behind it, as in a buffer that a socket read into.
import assert from 'node:assert/strict';
import type { Head } from '../../src/codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { type MessageSink, RequestParser, ResponseParser } from '../../src/codec/http1/parser.ts';

const BEFORE = 'before';

/** The head that the lines make up; the empty line is added. */
export function requestHead(...lines: readonly string[]): Head {
  return read((sink) => new RequestParser(DEFAULT_LIMITS, sink), lines);
}

/** The head of an answer to a request with that METHOD number. */
export function responseHead(methodId: number, ...lines: readonly string[]): Head {
  return read((sink) => {
    const parser = new ResponseParser(DEFAULT_LIMITS, sink);
    parser.expect(methodId);
    return parser;
  }, lines);
}

function read(open: (sink: MessageSink) => RequestParser | ResponseParser, lines: readonly string[]): Head {
  let complete: Head | null = null;
  const parser = open({
    onHead: (head) => {
      complete = head;
      parser.pause();
    },
    onBody: () => {},
    onEnd: () => {},
    onError: (code, detail) => assert.fail(`${code}: ${detail}`),
  });
  const bytes = Buffer.from(`${BEFORE}${lines.join('\r\n')}\r\n\r\nbehind`, 'latin1');
  parser.feed(bytes, BEFORE.length, bytes.length);
  return complete ?? assert.fail('the head is not complete');
}
