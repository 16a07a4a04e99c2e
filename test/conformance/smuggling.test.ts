// Requests that two readers could understand differently, sent as raw bytes through the whole data path to an origin that takes
// everything for a request. Each case says exactly what the client gets and what the origin has seen; behind each of them
// comes one more request, END, which must arrive as itself or not at all.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { gatewayTo } from '../support/gateway.ts';
import { RawClient } from '../support/raw-client.ts';
import { get, post } from '../support/raw-messages.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';

const END = 'GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

type Case = readonly [what: string, sent: string, statuses: readonly number[], seen: readonly string[]];

/** The connection ends with this answer, and nothing reaches the origin. */
const refused = (status: number, ...cases: readonly (readonly [what: string, sent: string])[]): Case[] =>
  cases.map(([what, sent]) => [what, sent, [status], []]);

const line = (text: string): string => `${text}\r\nHost: a\r\n\r\n`;
const chunked = (chunks: string): string => post('Transfer-Encoding: chunked') + chunks;
const coded = (fieldLines: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fieldLines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
const sized = (fieldLines: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fieldLines}\r\n\r\nhello`;
const hosted = (host: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Sent whole; then once more in single octets, when the origin may have got the beginning of what is refused at its end. */
async function check(t: TestContext, [, sent, statuses, seen]: Case): Promise<void> {
  const origin = await RecordingOrigin.open(t);
  const gateway = await gatewayTo(t, origin.url);
  const ask = async (portions: readonly string[]): Promise<void> => {
    origin.requests.length = 0;
    const client = await RawClient.connect(t, gateway.port);
    for (const portion of portions) client.send(portion);
    await client.closed();
    const answers = client.answers(sent.startsWith('HEAD') ? [true] : []);
    assert.deepEqual(
      { statuses: answers.map(({ status }) => status), seen: origin.seen },
      { statuses, seen },
      client.text,
    );
    assert.ok(answers.every(({ isWhole }) => isWhole));
  };
  await ask([sent + END]);
  if (seen.length === 0) assert.equal(origin.rests.join(''), '', 'the origin waits for more');
  await ask((sent + END).split(''));
  await gateway.accessLines(statuses.length * 2);
}

function suite(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const each of cases) test(each[0], (t) => check(t, each));
  });
}

suite('two kinds of framing', [
  ...refused(
    400,
    ['CL.TE', `${post('Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\nG`],
    ['TE.CL', `${post('Transfer-Encoding: chunked', 'Content-Length: 4')}5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n`],
    ['CL.0 with TE', `${post('Content-Length: 0', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['TE in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ),
]);

suite('Transfer-Encoding', [
  ['in any case', coded('tRANSFER-eNCODING: CHUNKED'), [200, 200], ['POST / hello', 'GET /end']],
  ['with whitespace around it', coded('Transfer-Encoding:\t chunked \t'), [200, 200], ['POST / hello', 'GET /end']],
  [
    'named by Connection',
    coded('Connection: transfer-encoding\r\nTransfer-Encoding: chunked'),
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
  ...refused(
    400,
    ['with a space before the colon', coded('Transfer-Encoding : chunked')],
    ['with a tab before the colon', coded('Transfer-Encoding\t: chunked')],
    ['that is empty', coded('Transfer-Encoding:')],
    ['with a vertical tab', coded('Transfer-Encoding:\x0bchunked')],
    ['with a no-break space', coded('Transfer-Encoding:\xa0chunked')],
    ['with the next-line octet', coded('Transfer-Encoding:\x85chunked')],
    ['with a NUL', coded('Transfer-Encoding: chunked\0')],
    ['with something behind chunked', coded('Transfer-Encoding: chunked, identity')],
    ['with a parameter', coded('Transfer-Encoding: chunked;q=1')],
    ['in quotes', coded('Transfer-Encoding: "chunked"')],
    ['with another letter', coded('Transfer-Encoding: xchunked')],
    ['with a bare identity', coded('Transfer-Encoding: identity')],
    ['chunked twice in a line', coded('Transfer-Encoding: chunked, chunked')],
    ['chunked twice in two lines', coded('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
    ['an empty member', coded('Transfer-Encoding: , chunked')],
    ['folded', coded('Transfer-Encoding:\r\n chunked')],
    ['behind a bare LF', coded('X: x\nTransfer-Encoding: chunked')],
    ['behind a bare CR', coded('X: x\rTransfer-Encoding: chunked')],
    ['before a bare CR', coded('Transfer-Encoding: chunked\rX: x')],
    ['after a second one', coded('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity')],
    ['whose line begins with a space', coded(' Transfer-Encoding: chunked')],
  ),
  ...refused(
    501,
    ['with another coding before it', coded('Transfer-Encoding: identity, chunked')],
    ['with gzip', coded('Transfer-Encoding: gzip, chunked')],
    ['in two lines, the first with another coding', coded('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked')],
  ),
  // To HTTP these are fields like any other. They go on with the framing that counts, which is our own.
  [
    'with an underscore',
    sized('Transfer_Encoding: none\r\nContent-Length: 5'),
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
]);

suite('Content-Length', [
  [
    'of a body that looks like a request',
    `${post(`Content-Length: ${END.length}`)}${END}`,
    [200, 200],
    [`POST / ${END}`, 'GET /end'],
  ],
  ['with whitespace around it', sized('Content-Length: \t5 \t'), [200, 200], ['POST / hello', 'GET /end']],
  ['with zeros before it', sized('Content-Length: 0000005'), [200, 200], ['POST / hello', 'GET /end']],
  [
    'named by Connection',
    sized('Connection: content-length\r\nContent-Length: 5'),
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
  ...refused(
    400,
    ['twice, the same', sized('Content-Length: 5\r\nContent-Length: 5')],
    ['twice, different', sized('Content-Length: 5\r\nContent-Length: 0')],
    ['as a list of the same', sized('Content-Length: 5, 5')],
    ['as a list of different ones', sized('Content-Length: 0, 5')],
    ['with a plus', sized('Content-Length: +5')],
    ['with a minus', sized('Content-Length: -5')],
    ['in hexadecimal', sized('Content-Length: 0x5')],
    ['with an exponent', sized('Content-Length: 5e0')],
    ['with a fraction', sized('Content-Length: 5.0')],
    ['with an underscore', sized('Content-Length: 0_5')],
    ['that is empty', sized('Content-Length:')],
    ['with letters behind it', sized('Content-Length: 5abc')],
    ['with a space in it', sized('Content-Length: 1 5')],
    ['with a form feed', sized('Content-Length: \x0c5')],
    ['with a no-break space', sized('Content-Length: 5\xa0')],
    ['with the next-line octet', sized('Content-Length: \x855')],
    ['in other digits', sized('Content-Length: \xd9\xa5')],
    ['with a NUL', sized('Content-Length: 5\0')],
    ['beyond any number', sized(`Content-Length: ${'9'.repeat(400)}`)],
    ['that wraps 64 bits', sized('Content-Length: 18446744073709551621')],
    ['with a space before the colon', sized('Content-Length : 5')],
    ['folded', sized('Content-Length:\r\n 5')],
    ['with a space in its name', sized('Content Length: 5')],
  ),
  ...refused(413, ['larger than is allowed', sized('Content-Length: 999999999999999')]),
]);

suite('chunks', [
  ['with extensions', chunked('5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n'), [200, 200], ['POST / hello', 'GET /end']],
  [
    'with zeros before their size',
    chunked('0000005\r\nhello\r\n000\r\n\r\n'),
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
  [
    'of a body that looks like chunks',
    chunked('7\r\n0\r\n\r\nGET\r\n0\r\n\r\n').replace('7', '8'),
    [200, 200],
    ['POST / 0\r\n\r\nGET', 'GET /end'],
  ],
  [
    'with trailers',
    chunked('5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 50\r\nTransfer-Encoding: x\r\n\r\n'),
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
  ...refused(
    400,
    ['in hexadecimal with its prefix', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
    ['with a plus', chunked('+5\r\nhello\r\n0\r\n\r\n')],
    ['with a minus', chunked('-5\r\nhello\r\n0\r\n\r\n')],
    ['with a space before their size', chunked(' 5\r\nhello\r\n0\r\n\r\n')],
    ['with a space behind their size', chunked('5 \r\nhello\r\n0\r\n\r\n')],
    ['with an underscore', chunked('0_5\r\nhello\r\n0\r\n\r\n')],
    ['without a size', chunked('\r\nhello\r\n0\r\n\r\n')],
    ['with only an extension', chunked(';a\r\nhello\r\n0\r\n\r\n')],
    ['with a bare LF behind their size', chunked('5\nhello\r\n0\r\n\r\n')],
    ['with a bare CR behind their size', chunked('5\rhello\r\n0\r\n\r\n')],
    ['with a bare LF in an extension', chunked('5;a\nb\r\nhello\r\n0\r\n\r\n')],
    ['with a bare CR in an extension', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n')],
    ['with a NUL in an extension', chunked('5;\0\r\nhello\r\n0\r\n\r\n')],
    ['without a line end behind their data', chunked('5\r\nhello0\r\n\r\n')],
    ['with a bare LF behind their data', chunked('5\r\nhello\n0\r\n\r\n')],
    ['longer than their size', chunked('3\r\nhello\r\n0\r\n\r\n')],
    ['that overflow 64 bits', chunked('10000000000000005\r\nhello\r\n0\r\n\r\n')],
    ['that overflow 32 bits by much', chunked('FFFFFFFFFFFFFFF0\r\nhello\r\n0\r\n\r\n')],
    ['with a last one that ends with bare LFs', chunked('5\r\nhello\r\n0\n\n')],
    ['with trailers that are no fields', chunked('5\r\nhello\r\n0\r\nX Y: 1\r\n\r\n')],
    ['with a folded trailer', chunked('5\r\nhello\r\n0\r\nX: 1\r\n y\r\n\r\n')],
  ),
  ...refused(413, ['larger than is allowed', chunked('fffffffff\r\nhello\r\n0\r\n\r\n')]),
]);

suite('line ends and whitespace', [
  ['empty lines before a request', `\r\n\r\n${get()}`, [200, 200], ['GET /', 'GET /end']],
  ...refused(
    400,
    ['bare LFs throughout', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare LF behind the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a bare LF behind a field', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
    ['a bare LF at the end of the head', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
    ['a bare CR at the end of the head', 'GET / HTTP/1.1\r\nHost: a\r\n\rGET /x HTTP/1.1\r\n\r\n'],
    ['a bare CR in a value', get('X: a\rb')],
    ['a bare LF before a request', `\n${get()}`],
    ['too many empty lines', `${'\r\n'.repeat(6)}${get()}`],
    ['a folded field', get('X: a', ' b')],
    ['a line of spaces', get('X: a', ' ', 'Y: b')],
    ['a space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
    ['a space before a request', ` ${get()}`],
    ['a byte order mark before a request', `\xef\xbb\xbf${get()}`],
  ),
]);

suite('fields', [
  [
    'names that are properties of every object',
    get('__proto__: x', 'constructor: y'),
    [200, 200],
    ['GET /', 'GET /end'],
  ],
  ['octets beyond ASCII in a value', get('X: caf\xc3\xa9\xff'), [200, 200], ['GET /', 'GET /end']],
  ...refused(
    400,
    ['a space before the colon', get('X : a')],
    ['no colon', get('X')],
    ['no name', get(': a')],
    ['a space in the name', get('X Y: a')],
    ['a NUL in the name', get('X\0: a')],
    ['a NUL in the value', get('X: a\0b')],
    ['a control in the value', get('X: a\x01b')],
    ['a DEL in the value', get('X: a\x7fb')],
    ['an octet beyond ASCII in the name', get('X\xe9: a')],
    ['parentheses in the name', get('X(): a')],
    ['a quote in the name', get('"X": a')],
    ['a slash in the name', get('X/Y: a')],
    ['brackets in the name', get('X[0]: a')],
    ['a Connection that is no list of tokens', get('Connection: a b')],
  ),
]);

suite('Host', [
  ['with a port', hosted('a:80'), [200, 200], ['GET /', 'GET /end']],
  ['with an empty port', hosted('a:'), [200, 200], ['GET /', 'GET /end']],
  ['that Connection names', get('Connection: host'), [200, 200], ['GET /', 'GET /end']],
  [
    'that says something else than the target',
    'GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n',
    [200, 200],
    ['GET /x', 'GET /end'],
  ],
  ...refused(
    400,
    ['that is missing', 'GET / HTTP/1.1\r\n\r\n'],
    ['that is empty', hosted('')],
    ['twice, the same', get('Host: a')],
    ['twice, different', get('Host: b')],
    ['with userinfo', hosted('user@a')],
    ['with a space', hosted('a b')],
    ['with a list', hosted('a, b')],
    ['with a path', hosted('a/b')],
    ['with a query', hosted('a?b')],
    ['with a fragment', hosted('a#b')],
    ['with a backslash', hosted('a\\b')],
    ['with a tab', hosted('a\tb')],
    ['with two ports', hosted('a:80:80')],
    ['with a port that is no number', hosted('a:x')],
    ['with a port beyond all ports', hosted('a:65536')],
    ['with an address that is not closed', hosted('[::1')],
    ['with a zone', hosted('[fe80::1%25eth0]')],
    ['with an octet beyond ASCII', hosted('\xe9')],
    ['missing although the target names one', 'GET http://a/ HTTP/1.1\r\n\r\n'],
  ),
]);

suite('the request line', [
  ['a method in small letters', line('get / HTTP/1.1'), [200, 200], ['get /', 'GET /end']],
  ['an absolute target', line('GET http://a/x?y HTTP/1.1'), [200, 200], ['GET /x?y', 'GET /end']],
  ['an absolute target without a path', line('GET http://a HTTP/1.1'), [200, 200], ['GET /', 'GET /end']],
  ['dot segments, which go on as they are', line('GET /a/../b HTTP/1.1'), [200, 200], ['GET /a/../b', 'GET /end']],
  ['OPTIONS of the server as a whole', line('OPTIONS * HTTP/1.1'), [200, 200], ['OPTIONS *', 'GET /end']],
  ['a minor version to come', line('GET / HTTP/1.9'), [200, 200], ['GET /', 'GET /end']],
  ['CONNECT', line('CONNECT a:443 HTTP/1.1'), [405, 200], ['GET /end']],
  [
    'TRACE that has come far enough',
    line('TRACE / HTTP/1.1').replace(/\r\n$/, 'Max-Forwards: 0\r\n\r\n'),
    [405, 200],
    ['GET /end'],
  ],
  ...refused(
    400,
    ['two spaces', line('GET  / HTTP/1.1')],
    ['a tab', line('GET\t/ HTTP/1.1')],
    ['a space at its end', line('GET / HTTP/1.1 ')],
    ['a second version', line('GET / HTTP/1.1 HTTP/1.1')],
    ['a space in the target', line('GET /a b HTTP/1.1')],
    ['a NUL in the target', line('GET /\0 HTTP/1.1')],
    ['a control in the target', line('GET /\x01 HTTP/1.1')],
    ['a bare CR in the target', line('GET /\rx HTTP/1.1')],
    ['a DEL in the target', line('GET /\x7f HTTP/1.1')],
    ['an octet beyond ASCII in the target', line('GET /\xe9 HTTP/1.1')],
    ['a fragment', line('GET /#x HTTP/1.1')],
    ['a target without a slash', line('GET x HTTP/1.1')],
    ['an asterisk for GET', line('GET * HTTP/1.1')],
    ['an authority for GET', line('GET a:80 HTTP/1.1')],
    ['another scheme', line('GET ftp://a/ HTTP/1.1')],
    ['an absolute target with userinfo', line('GET http://user@a/ HTTP/1.1')],
    ['an absolute target without a host', line('GET http:///x HTTP/1.1')],
    ['CONNECT without a port', line('CONNECT a HTTP/1.1')],
    ['CONNECT with a path', line('CONNECT / HTTP/1.1')],
    ['CONNECT with a body', `${line('CONNECT a:443 HTTP/1.1').replace(/\r\n$/, 'Content-Length: 5\r\n\r\n')}hello`],
    ['HTTP/0.9', 'GET /\r\n'],
    ['no version', line('GET / ')],
    ['a version in small letters', line('GET / http/1.1')],
    ['a version of two digits', line('GET / HTTP/1.10')],
    ['a version without a minor number', line('GET / HTTP/1')],
    ['no method', line(' / HTTP/1.1')],
    ['a method that is no token', line('GE(T / HTTP/1.1')],
    ['a method with a NUL', line('G\0T / HTTP/1.1')],
    ['a method without end', line(`${'G'.repeat(100)} / HTTP/1.1`)],
  ),
  ...refused(505, ['HTTP/0.9 by name', line('GET / HTTP/0.9')], ['HTTP/2.0', line('GET / HTTP/2.0')]),
]);

suite(
  'bodies of methods that rarely have one',
  ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE'].flatMap((method): Case[] => [
    [
      `${method} with a length`,
      `${get(`Content-Length: ${END.length}`)}${END}`.replace('GET', method),
      [200, 200],
      [`${method} / ${END}`, 'GET /end'],
    ],
    [
      `${method} in chunks`,
      `${get('Transfer-Encoding: chunked')}2f\r\n${END.slice(0, 47)}\r\n0\r\n\r\n`.replace('GET', method),
      [200, 200],
      [`${method} / ${END.slice(0, 47)}`, 'GET /end'],
    ],
  ]),
);

suite('what follows a request', [
  ['another one', get() + get(), [200, 200, 200], ['GET /', 'GET /', 'GET /end']],
  ['after Connection: close nothing', get('Connection: close') + get(), [200], ['GET /']],
  ['after Connection: close not even garbage is refused', `${get('Connection: close')}\0\0\0`, [200], ['GET /']],
  ['after HTTP/1.0 nothing', `GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n${get()}`, [200], ['GET /']],
  ['garbage', `${get()}\0\0\0`, [200, 400], ['GET /']],
  ['a request that is refused', get() + sized('Content-Length: 5, 5') + get(), [200, 400], ['GET /']],
]);

suite('upgrades and expectations', [
  [
    'h2c is not passed on',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    [200, 200],
    ['GET /', 'GET /end'],
  ],
  [
    'h2c among others is not either',
    get('Connection: upgrade', 'Upgrade: websocket, h2c'),
    [200, 200],
    ['GET /', 'GET /end'],
  ],
  ['an expectation that nobody knows', get('Expect: more'), [417, 200], ['GET /end']],
  [
    'an expectation with the body at once',
    `${post('Expect: 100-continue', 'Content-Length: 5')}hello`,
    [200, 200],
    ['POST / hello', 'GET /end'],
  ],
]);

test('an upgrade to h2c leaves no trace at the origin', async (t) => {
  const origin = await RecordingOrigin.open(t);
  const gateway = await gatewayTo(t, origin.url);
  await RawClient.ask(
    t,
    gateway.port,
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMA') + END,
  );
  assert.deepEqual(
    origin.requests[0]?.fields.filter((each) => /^(?:connection|upgrade|http2-settings)/i.test(each)),
    [],
  );
});
