import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventLog } from '../../../test/support/http1-event-log.ts';
import { DEFAULT_LIMITS } from './message-parser.ts';
import type { MessageParser } from './message-parser.ts';
import { RequestParser, ResponseParser } from './parser.ts';

const CHUNKED =
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Setup<Parser extends MessageParser> {
  readonly log: EventLog;
  readonly parser: Parser;
  feed(text: string): string;
}

function setUp<Parser extends MessageParser>(make: (log: EventLog) => Parser): Setup<Parser> {
  const log = new EventLog();
  const parser = make(log);
  log.parser = parser;
  return {
    log,
    parser,
    /** Feeds the text and returns what was not taken. */
    feed(text) {
      const bytes = Buffer.from(text, 'latin1');
      return bytes.toString('latin1', parser.feed(bytes, 0, bytes.length));
    },
  };
}

const responses = (): Setup<ResponseParser> => setUp((log) => new ResponseParser(DEFAULT_LIMITS, log));
const requests = (): Setup<RequestParser> => setUp((log) => new RequestParser(DEFAULT_LIMITS, log));

describe('a parser', () => {
  test('is idle until a message begins and again after reset()', () => {
    const { parser, feed } = requests();
    assert.equal(parser.idle, true);
    feed('\r\n');
    assert.equal(parser.idle, true);
    feed('G');
    assert.equal(parser.idle, false);
    feed(GET.slice(1));
    assert.equal(parser.idle, false);
    parser.reset();
    assert.equal(parser.idle, true);
  });

  test('stops behind a message and takes nothing more before reset()', () => {
    const { log, parser, feed } = requests();
    assert.equal(feed(`${GET}${GET}`), GET);
    assert.equal(feed(GET), GET);
    assert.equal(log.lines.length, 3);
    parser.reset();
    assert.equal(feed(GET), '');
    assert.equal(log.lines.length, 6);
  });

  test('that is paused returns right after the call, and goes on when it is fed again', () => {
    const { log, parser, feed } = requests();
    const rests: string[] = [];
    log.afterEvent = () => parser.pause();
    let rest = CHUNKED;
    while (!log.ended) {
      rest = feed(rest);
      rests.push(rest);
    }
    assert.deepEqual(rests, [
      '3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
      '\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
      '\r\n0\r\nX-T: 1\r\n\r\n',
      '',
    ]);
    assert.deepEqual(log.lines.slice(-3), ['body abcde', 'trailer + X-T: 1', 'end']);
  });

  test('that was paused before an end reports it when it is fed nothing', () => {
    const { log, parser, feed } = requests();
    log.afterEvent = () => parser.pause();
    feed(GET);
    assert.equal(log.ended, false);
    feed('');
    assert.equal(log.ended, true);
  });

  test('reports an end that is due when the input ends', () => {
    const { log, parser, feed } = requests();
    log.afterEvent = () => parser.pause();
    feed(GET);
    parser.finish();
    assert.equal(log.ended, true);
  });

  test('may be reset inside any call and takes nothing more of what it is being fed', () => {
    for (const wanted of [1, 2, 3, 4]) {
      const { log, parser, feed } = requests();
      let events = 0;
      log.afterEvent = () => {
        if (++events === wanted) parser.reset();
      };
      const rest = feed(`${CHUNKED}${GET}`);
      assert.equal(events, wanted);
      assert.equal(parser.idle, true);
      assert.ok(rest.endsWith(GET));
    }
  });

  test('accepts nothing after an error', () => {
    const { log, parser, feed } = requests();
    feed('GET\r\n');
    assert.equal(log.failed, true);
    assert.equal(feed(GET), GET);
    parser.finish();
    assert.equal(log.lines.length, 1);
  });

  test('says what it had understood when it refuses the rest', () => {
    const { parser, feed } = requests();
    feed('GET /path HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n');
    assert.equal(parser.head.target(), '/path');
  });

  test('has trailers only for the message that had them', () => {
    const { parser, feed } = requests();
    feed(CHUNKED);
    assert.equal(parser.trailers?.value(0), '1');
    parser.reset();
    assert.equal(parser.trailers, null);
    feed(CHUNKED.replace('X-T', 'Host'));
    assert.equal(parser.trailers, null);
  });

  test('refuses what is wrong in a chunk or in a trailer section', () => {
    for (const tail of ['5\r\nhello!!', '0\r\nX\r\n\r\n', '0\r\n\rX']) {
      const { log, feed } = requests();
      feed(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${tail}`);
      assert.match(log.lines.at(-1) ?? '', /^error request_invalid/, tail);
    }
  });

  test('ends a chunked body that has no trailer section', () => {
    const { log, feed } = requests();
    assert.equal(feed('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nnext'), 'next');
    assert.equal(log.ended, true);
  });

  test('refuses an end of input within a message, and only there', () => {
    for (const text of ['G', GET.slice(0, -1), CHUNKED.slice(0, -1)]) {
      const { log, parser, feed } = requests();
      parser.finish();
      assert.equal(log.failed, false);
      feed(text);
      parser.finish();
      assert.equal(log.lines.at(-1), 'error request_invalid: The connection was closed in the middle of the message.');
    }
  });

  test('refuses a body without a length that passes the limit', () => {
    const { log, feed } = setUp((sink) => new ResponseParser({ ...DEFAULT_LIMITS, maxBodyBytes: 5 }, sink));
    feed('HTTP/1.1 200 OK\r\n\r\n');
    feed('12345');
    assert.equal(feed('6'), '6');
    assert.match(log.lines.at(-1) ?? '', /^error upstream_invalid: The body/);
  });

  test('pauses between an interim response and the next one', () => {
    const { log, parser, feed } = responses();
    log.afterEvent = () => parser.pause();
    const final = 'HTTP/1.1 204 No Content\r\n\r\n';
    assert.equal(feed(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${final}`), final);
    assert.deepEqual([parser.interim, parser.head.status, parser.head.count], [true, 103, 1]);
    assert.equal(feed(final), '');
    assert.deepEqual([parser.interim, parser.head.status, parser.head.count], [false, 204, 0]);
  });
});
