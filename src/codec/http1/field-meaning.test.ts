import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { takeWholeLines } from './field-lines.ts';
import { settleRequest, settleResponse } from './field-meaning.ts';
import { FRAMING, Head, METHOD } from './head.ts';

function headOf(lines: readonly string[]): Head {
  const head = new Head();
  head.bytes = Buffer.from(`${lines.map((line) => `${line}\r\n`).join('')}........`, 'latin1');
  takeWholeLines(head, 100, 0, head.bytes.length - 8);
  assert.equal(head.count, lines.length);
  return head;
}

function request(...lines: string[]): { head: Head; fault: Fault | null } {
  const head = headOf(['Host: a', ...lines]);
  return { head, fault: settleRequest(head) };
}

function response(status: number, method: number, ...lines: string[]): { head: Head; fault: Fault | null } {
  const head = headOf(lines);
  head.status = status;
  return { head, fault: settleResponse(head, method) };
}

const dropped = (head: Head): string[] =>
  Array.from({ length: head.count }, (_, index) => index)
    .filter((index) => head.drop[index] !== 0)
    .map((index) => head.name(index));

describe('the framing of a request', () => {
  test('is none without a field that says otherwise', () => {
    const { head, fault } = request();
    assert.deepEqual([fault, head.framing, head.contentLength], [null, FRAMING.NONE, -1]);
  });

  test('is a length or chunked', () => {
    assert.equal(request('Content-Length: 5').head.framing, FRAMING.LENGTH);
    assert.equal(request('Content-Length: 0').head.framing, FRAMING.NONE);
    assert.equal(request('Transfer-Encoding: chunked').head.framing, FRAMING.CHUNKED);
    assert.equal(request('Content-Length: 999999999999999').head.contentLength, 999_999_999_999_999);
  });

  test('is refused when two readers could differ', () => {
    assert.equal(request('Content-Length: 5', 'Transfer-Encoding: chunked').fault, FAULT.lengthAndCoding);
    assert.equal(request('Content-Length: 5', 'Content-Length: 5').fault, FAULT.lengthRepeated);
    assert.equal(request('Content-Length: +5').fault, FAULT.lengthInvalid);
    assert.equal(request('Transfer-Encoding: chunked, chunked').fault, FAULT.codingInvalid);
    assert.equal(request('Transfer-Encoding: gzip, chunked').fault, FAULT.codingUnsupported);
  });
});

describe('the framing of a response', () => {
  test('depends on the method that it answers and on its status', () => {
    const lengthOf = (status: number, method: number): number =>
      response(status, method, 'Content-Length: 5').head.framing;
    assert.equal(lengthOf(200, METHOD.GET), FRAMING.LENGTH);
    assert.equal(lengthOf(200, METHOD.HEAD), FRAMING.NONE);
    assert.equal(lengthOf(304, METHOD.GET), FRAMING.NONE);
    assert.equal(lengthOf(204, METHOD.GET), FRAMING.NONE);
    assert.equal(lengthOf(103, METHOD.GET), FRAMING.NONE);
    assert.equal(lengthOf(200, METHOD.CONNECT), FRAMING.NONE);
    assert.equal(lengthOf(403, METHOD.CONNECT), FRAMING.LENGTH);
    const open = response(200, METHOD.GET).head;
    assert.deepEqual([open.framing, open.keepAlive], [FRAMING.UNTIL_CLOSE, false]);
  });

  test('is not forwarded where the response must not have one', () => {
    assert.deepEqual(dropped(response(204, METHOD.GET, 'Content-Length: 5').head), ['Content-Length']);
    assert.deepEqual(dropped(response(103, METHOD.GET, 'Content-Length: 5').head), ['Content-Length']);
    assert.deepEqual(dropped(response(304, METHOD.GET, 'Content-Length: 5').head), []);
  });

  test('of a tunnel is ignored even when it is ambiguous', () => {
    const { head, fault } = response(200, METHOD.CONNECT, 'Content-Length: 5', 'Content-Length: x');
    assert.deepEqual([fault, dropped(head)], [null, ['Content-Length', 'Content-Length']]);
  });
});

describe('the connection', () => {
  test('stays open as the version and the options say', () => {
    assert.equal(request().head.keepAlive, true);
    assert.equal(request('Connection: close').head.keepAlive, false);
    assert.equal(request('Connection: keep-alive, close').head.keepAlive, false);
    const old = headOf(['Connection: keep-alive']);
    old.versionMinor = 0;
    assert.equal(settleRequest(old), null);
    assert.equal(old.keepAlive, true);
  });

  test('keeps its own fields to itself, and those that it lists', () => {
    const { head } = request(
      'Connection: x-a, HOST, close',
      'X-A: 1',
      'X-AB: 2',
      'Keep-Alive: 3',
      'Upgrade: 4',
      'x-A: 5',
    );
    assert.deepEqual(dropped(head), ['Connection', 'X-A', 'Keep-Alive', 'Upgrade', 'x-A']);
  });

  test('is upgraded only when both fields ask for it', () => {
    assert.equal(request('Connection: Upgrade', 'Upgrade: websocket').head.wantsUpgrade, true);
    assert.equal(request('Connection: Upgrade').head.wantsUpgrade, false);
    assert.equal(request('Upgrade: websocket').head.wantsUpgrade, false);
  });

  test('may list few options, each of them a token', () => {
    const options = (count: number): string => `Connection: ${Array.from({ length: count }, () => 'x').join(',')}`;
    assert.equal(request(options(64)).fault, null);
    assert.equal(request(options(65)).fault, FAULT.connectionTooLong);
    assert.equal(request('Connection: a b').fault, FAULT.connectionOption);
  });
});

describe('expectations and trailers', () => {
  test('are noted', () => {
    assert.equal(request('Expect: 100-CONTINUE').head.expectContinue, true);
    assert.equal(request('Expect: 200-ok').head.expectOther, true);
    assert.equal(request('TE: gzip , trailers').head.teTrailers, true);
    assert.equal(request('TE: trailersx').head.teTrailers, false);
  });
});

describe('the host', () => {
  test('is needed once', () => {
    assert.equal(settleRequest(headOf([])), FAULT.hostMissing);
    assert.equal(request('Host: a').fault, FAULT.hostRepeated);
    assert.equal(settleRequest(headOf(['Host: a/b'])), FAULT.hostInvalid);
  });
});
