// Answers that two readers could understand differently, sent as raw bytes by an origin through the whole data path. Each case
// says what the client gets for its first request; a second request on the same connection must get its own answer, OTHER,
// from the origin and never what was left over of the first.
import assert from 'node:assert/strict';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { gatewayTo } from '../support/gateway.ts';
import { RawClient } from '../support/raw-client.ts';
import { ok } from '../support/raw-messages.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';

const OTHER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother';
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

const get = (path: string, ...lines: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const chunked = (chunks: string): string => ok('Transfer-Encoding: chunked') + chunks;

interface Asked {
  readonly request?: string;
  /** The origin closes its connection behind the answer. */
  readonly closes?: boolean;
}

interface Got {
  readonly status: number;
  /** Of an error its code; an answer to HEAD has none. */
  readonly body: string | undefined;
}

type Case = readonly [what: string, answer: string, got: Got, asked?: Asked];

const invalid = (...cases: readonly (readonly [what: string, answer: string])[]): Case[] =>
  cases.map(([what, answer]) => [what, answer, { status: 502, body: 'upstream_invalid' }]);

function send(socket: net.Socket, answer: string, closes: boolean): void {
  socket.write(Buffer.from(answer, 'latin1'));
  if (closes) socket.end();
}

/** Sends both requests on one connection and looks at both answers. */
async function check(t: TestContext, [, answer, got, asked = {}]: Case): Promise<void> {
  const { request = get('/one'), closes = false } = asked;
  const origin = await RecordingOrigin.open(t, ({ line }, socket) => {
    if (line.includes('/other')) return OTHER;
    send(socket, answer, closes);
    return null;
  });
  const gateway = await gatewayTo(t, origin.url);
  const client = await RawClient.connect(t, gateway.port);
  client.send(request);
  await gateway.accessLines(1);
  client.send(get('/other', 'Connection: close'));
  await client.closed();
  const [first, second, ...more] = client.answers([request.startsWith('HEAD')]);
  const body = first?.status === 502 ? /"code":"(\w+)"/.exec(first.body)?.[1] : first?.body;
  assert.deepEqual({ status: first?.status, body }, got, client.text);
  assert.deepEqual([second?.status, second?.body, second?.isWhole], [200, 'other', true], client.text);
  assert.deepEqual([...more.map(({ head }) => head), client.text.includes('evil')], [false]);
}

function suite(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const each of cases) test(each[0], (t) => check(t, each));
  });
}

/** The client sees that its answer was cut. */
function cut(title: string, cases: readonly (readonly [what: string, answer: string, asked?: Asked])[]): void {
  describe(title, () => {
    for (const [what, answer, { closes = false } = {}] of cases) {
      test(what, async (t) => {
        const origin = await RecordingOrigin.open(t, (_request, socket) => {
          send(socket, answer, closes);
          return null;
        });
        const gateway = await gatewayTo(t, origin.url);
        const client = await RawClient.ask(t, gateway.port, get('/one'));
        assert.equal(client.ending, 'reset');
        assert.ok(client.answers().every(({ isWhole }) => !isWhole));
        assert.ok(!client.text.includes('evil'), client.text);
        const [line] = await gateway.accessLines(1);
        assert.match(String(line?.['error.type']), /^upstream_(?:invalid|incomplete)$/);
      });
    }
  });
}

suite('a status line', [
  ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', { status: 200, body: 'hi' }],
  ['with an odd reason', 'HTTP/1.1 200 \xe9 %0d%0a\r\nContent-Length: 2\r\n\r\nhi', { status: 200, body: 'hi' }],
  ['in HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', { status: 200, body: 'hi' }],
  ...invalid(
    ['that is none', 'hello\r\n\r\n'],
    ['with a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi'],
    ['with a bare CR', 'HTTP/1.1 200 OK\rX: y\r\nContent-Length: 2\r\n\r\nhi'],
    ['with a NUL', 'HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nhi'],
    ['with two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['with four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['with a sign', 'HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['with two spaces', 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['with a space before it', ' HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['with an empty line before it', `\r\n${EVIL}`],
    ['in HTTP/2', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['of another protocol', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['in small letters', 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    ['that is a request', get('/evil')],
  ),
]);

suite('fields that would be something else to somebody', [
  ...invalid(
    ['a bare LF', ok('X: a\nSet-Cookie: evil=1', 'Content-Length: 2') + 'hi'],
    ['a bare CR', ok('X: a\rSet-Cookie: evil=1', 'Content-Length: 2') + 'hi'],
    ['a bare LF that ends the head', `HTTP/1.1 200 OK\r\nX: a\n\nevil\r\nContent-Length: 0\r\n\r\n`],
    ['a NUL', ok('X: a\0b', 'Content-Length: 2') + 'hi'],
    ['a folded field', ok('X: a', ' b', 'Content-Length: 2') + 'hi'],
    ['a space before the colon', ok('Content-Length : 2') + 'hi'],
    ['a space before the first field', ok(' X: a', 'Content-Length: 2') + 'hi'],
    ['no colon', ok('X', 'Content-Length: 2') + 'hi'],
    ['no name', ok(': x', 'Content-Length: 2') + 'hi'],
  ),
]);

suite('framing', [
  ['named by Connection', ok('Connection: content-length', 'Content-Length: 2') + 'hi', { status: 200, body: 'hi' }],
  [
    'with chunk extensions and trailers',
    chunked('2;x=y\r\nhi\r\n0;z\r\nX: 1\r\nSet-Cookie: evil=1\r\n\r\n'),
    { status: 200, body: 'hi' },
  ],
  ['by the end of the connection', `${ok()}hi`, { status: 200, body: 'hi' }, { closes: true }],
  ...invalid(
    ['of both kinds', ok('Content-Length: 2', 'Transfer-Encoding: chunked') + '2\r\nhi\r\n0\r\n\r\n'],
    ['by two lengths', ok('Content-Length: 2', 'Content-Length: 3') + 'hi!'],
    ['by the same length twice', ok('Content-Length: 2', 'Content-Length: 2') + 'hi'],
    ['by a list of lengths', ok('Content-Length: 2, 2') + 'hi'],
    ['by a signed length', ok('Content-Length: +2') + 'hi'],
    ['by an empty length', ok('Content-Length:') + 'hi'],
    ['by a length beyond any number', ok(`Content-Length: ${'9'.repeat(30)}`) + 'hi'],
    ['by another coding', ok('Transfer-Encoding: gzip') + 'hi'],
    ['by another coding and chunks', ok('Transfer-Encoding: gzip, chunked') + '2\r\nhi\r\n0\r\n\r\n'],
    ['by chunks twice', ok('Transfer-Encoding: chunked, chunked') + '2\r\nhi\r\n0\r\n\r\n'],
    ['by chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
  ),
]);

suite('what is left over behind an answer', [
  ['is never the answer to the next request', ok('Content-Length: 2') + 'hi' + EVIL, { status: 200, body: 'hi' }],
  ['in chunks is not either', chunked('2\r\nhi\r\n0\r\n\r\n') + EVIL, { status: 200, body: 'hi' }],
  ['as garbage is not', ok('Content-Length: 2') + 'hi!', { status: 200, body: 'hi' }],
  ['behind an answer without a body is not', ok('Content-Length: 0') + EVIL, { status: 200, body: '' }],
  ['behind 204 is not', `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`, { status: 204, body: '' }],
  [
    'behind 204 with a length is not',
    'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil',
    { status: 204, body: '' },
  ],
  [
    'behind 204 in chunks is not',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n',
    { status: 204, body: '' },
  ],
  ['behind 304 is not', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil', { status: 304, body: '' }],
  [
    'behind the answer to HEAD is not',
    ok('Content-Length: 4') + 'evil',
    { status: 200, body: '' },
    { request: get('/one').replace('GET', 'HEAD') },
  ],
  [
    'behind the answer to HEAD in chunks is not',
    ok('Transfer-Encoding: chunked') + '4\r\nevil\r\n0\r\n\r\n',
    { status: 200, body: '' },
    { request: get('/one').replace('GET', 'HEAD') },
  ],
]);

suite('framing of an answer to HEAD', [
  [
    'of both kinds',
    ok('Content-Length: 2', 'Transfer-Encoding: chunked'),
    { status: 502, body: undefined },
    { request: get('/one').replace('GET', 'HEAD') },
  ],
]);

cut('an answer that turns out to be broken in the middle', [
  ['shorter than its length', `${ok('Content-Length: 9')}half`, { closes: true }],
  ['without its last chunk', chunked('4\r\nhalf\r\n'), { closes: true }],
  ['without the data of a chunk', chunked('4\r\nha'), { closes: true }],
  ['without the end of its trailers', chunked('4\r\nhalf\r\n0\r\nX: 1\r\n'), { closes: true }],
  ['with a chunk size that is none', chunked('4\r\nhalf\r\nx\r\nevil\r\n0\r\n\r\n')],
  ['with a negative chunk size', chunked('4\r\nhalf\r\n-4\r\nevil\r\n0\r\n\r\n')],
  ['with a chunk that is longer than its size', chunked('4\r\nhalfevil\r\n0\r\n\r\n')],
  ['with a bare LF behind a chunk size', chunked('4\r\nhalf\r\n4\nevil\r\n0\r\n\r\n')],
  ['with a chunk size beyond any number', chunked(`4\r\nhalf\r\n${'f'.repeat(20)}\r\nevil`)],
  ['with trailers that are no fields', chunked('4\r\nhalf\r\n0\r\nevil\r\n\r\n')],
]);

describe('interim answers', () => {
  test('are passed on, as many as are allowed', async (t) => {
    const origin = await RecordingOrigin.open(
      t,
      () => 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(16) + OTHER,
    );
    const gateway = await gatewayTo(t, origin.url);
    const client = await RawClient.ask(t, gateway.port, get('/', 'Connection: close'));
    const statuses = client.answers().map(({ status }) => status);
    assert.deepEqual(statuses, [...Array.from({ length: 16 }, () => 103), 200]);
  });

  test('without end are refused', async (t) => {
    const origin = await RecordingOrigin.open(t, () => 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(40) + EVIL);
    const gateway = await gatewayTo(t, origin.url);
    const client = await RawClient.ask(t, gateway.port, get('/', 'Connection: close'));
    const statuses = client.answers().map(({ status }) => status);
    assert.deepEqual(statuses, [...Array.from({ length: 16 }, () => 103), 502]);
  });

  test('that are the last word of an origin are no answer', async (t) => {
    const origin = await RecordingOrigin.open(t, (_request, socket) => {
      send(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', true);
      return null;
    });
    const gateway = await gatewayTo(t, origin.url);
    const client = await RawClient.ask(t, gateway.port, get('/', 'Connection: close'));
    assert.deepEqual(
      client.answers().map(({ status }) => status),
      [103, 502],
    );
  });

  test('that switch protocols unasked are refused, and nothing behind them is passed on', async (t) => {
    const origin = await RecordingOrigin.open(
      t,
      () => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${EVIL}`,
    );
    const gateway = await gatewayTo(t, origin.url);
    const client = await RawClient.ask(t, gateway.port, get('/', 'Connection: close'));
    assert.deepEqual(
      client.answers().map(({ status }) => status),
      [502],
    );
  });
});

test('bytes that come on an idle connection are no answer to the next request', async (t) => {
  const origin = await RecordingOrigin.open(t, ({ line }) =>
    line.includes('/other') ? OTHER : `${ok('Content-Length: 2')}hi`,
  );
  const gateway = await gatewayTo(t, origin.url);
  const client = await RawClient.connect(t, gateway.port);
  client.send(get('/one'));
  await client.untilText('hi');
  const [idle] = origin.sockets;
  idle!.write(EVIL);
  await origin.until(({ openConnections }) => openConnections === 0);
  client.send(get('/other', 'Connection: close'));
  await client.closed();
  assert.match(client.text, /other$/);
  assert.ok(!client.text.includes('evil'));
});
