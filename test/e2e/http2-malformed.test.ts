// Requests of HTTP/2 that are not what RFC 9113 allows, frame by frame. Rule: each is refused on its own stream, with a reset or
// with 400, before a backend hears of it; the next request on the same connection is served.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { type Gateway, type GatewaySettings, gatewayTo } from '../support/gateway.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST } from '../support/http2-frames.ts';
import { rawOrigin } from '../support/origins.ts';

type Field = readonly [name: string, value: string];

const { NGHTTP2_PROTOCOL_ERROR } = http2.constants;
const WHOLE = FLAG.END_HEADERS | FLAG.END_STREAM;

/** How the head of an answer begins: the status in the static table of HPACK. */
const STATUS_200 = 0x88;
const STATUS_400 = 0x8c;

const [METHOD, SCHEME, AUTHORITY, PATH] = REQUEST as readonly [Field, Field, Field, Field];

interface Rig {
  readonly gateway: Gateway;
  readonly client: RawHttp2Client;
  /** What has arrived at the backend. */
  readonly heard: () => string;
}

async function rig(t: TestContext, settings: GatewaySettings = {}): Promise<Rig> {
  let heard = '';
  const backend = await rawOrigin(t, (socket) => {
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const gateway = await gatewayTo(t, backend, settings);
  const client = await RawHttp2Client.connect(gateway.port);
  t.after(() => client.socket.destroy());
  return { gateway, client, heard: () => heard };
}

type Outcome = 'reset' | 'status 400' | 'served' | 'other';

async function outcomeOf(client: RawHttp2Client, stream: number): Promise<Outcome> {
  const found = await client.find(
    (each) => each.stream === stream && (each.type === FRAME.RST_STREAM || each.type === FRAME.HEADERS),
  );
  if (found?.type === FRAME.RST_STREAM)
    return found.payload.readUInt32BE(0) === NGHTTP2_PROTOCOL_ERROR ? 'reset' : 'other';
  const [status] = found?.payload ?? [];
  return status === STATUS_400 ? 'status 400' : status === STATUS_200 ? 'served' : 'other';
}

function send(client: RawHttp2Client, stream: number, fields: readonly Field[]): void {
  client.send(frame(FRAME.HEADERS, WHOLE, stream, block(...fields)));
}

const REFUSED: readonly (readonly [name: string, outcome: Outcome, fields: readonly Field[]])[] = [
  ['a name in upper case', 'reset', [...REQUEST, ['X-Own', '1']]],
  ['a Connection field', 'reset', [...REQUEST, ['connection', 'close']]],
  ['a Transfer-Encoding field', 'reset', [...REQUEST, ['transfer-encoding', 'chunked']]],
  ['an Upgrade field', 'reset', [...REQUEST, ['upgrade', 'websocket']]],
  ['a Keep-Alive field', 'reset', [...REQUEST, ['keep-alive', 'timeout=5']]],
  ['a Proxy-Connection field', 'reset', [...REQUEST, ['proxy-connection', 'close']]],
  ['a TE field that asks for more than trailers', 'reset', [...REQUEST, ['te', 'gzip']]],
  ['no method', 'reset', [SCHEME, AUTHORITY, PATH]],
  ['no scheme', 'reset', [METHOD, AUTHORITY, PATH]],
  ['no path', 'reset', [METHOD, SCHEME, AUTHORITY]],
  ['an empty path', 'reset', [METHOD, SCHEME, AUTHORITY, [':path', '']]],
  ['two methods', 'reset', [METHOD, ...REQUEST]],
  ['two paths', 'reset', [...REQUEST, [':path', '/other']]],
  ['two authorities', 'reset', [...REQUEST, [':authority', 'other.test']]],
  ['a pseudo-field behind a field', 'reset', [METHOD, SCHEME, AUTHORITY, ['x-own', '1'], PATH]],
  ['a pseudo-field that nobody knows', 'reset', [...REQUEST, [':own', '1']]],
  ['the pseudo-field of an answer', 'reset', [...REQUEST, [':status', '200']]],
  ['a pseudo-field with the name of a property', 'reset', [...REQUEST, [':constructor', '1']]],
  ['two lengths', 'reset', [...REQUEST, ['content-length', '0'], ['content-length', '0']]],
  ['a length that is no number', 'reset', [...REQUEST, ['content-length', '0x0']]],
  ['a length and no body', 'reset', [...REQUEST, ['content-length', '5']]],
  ['a path that begins without a slash', 'reset', [METHOD, SCHEME, AUTHORITY, [':path', 'other']]],
  ['a path of *', 'reset', [METHOD, SCHEME, AUTHORITY, [':path', '*']]],
  ['a line break in the path', 'reset', [METHOD, SCHEME, AUTHORITY, [':path', '/ HTTP/1.1\r\nx: y']]],
  ['a space in the path', 'reset', [METHOD, SCHEME, AUTHORITY, [':path', '/a b']]],
  ['a fragment in the path', 'status 400', [METHOD, SCHEME, AUTHORITY, [':path', '/a#b']]],
  ['a space in the method', 'reset', [[':method', 'GET /'], SCHEME, AUTHORITY, PATH]],
  ['a line break in the method', 'reset', [[':method', 'GET\r\n'], SCHEME, AUTHORITY, PATH]],
  ['another scheme', 'status 400', [METHOD, [':scheme', 'ftp'], AUTHORITY, PATH]],
  ['a space in the authority', 'reset', [METHOD, SCHEME, [':authority', 'a b'], PATH]],
  ['a comma in the authority', 'status 400', [METHOD, SCHEME, [':authority', 'a,b'], PATH]],
  ['a user in the authority', 'reset', [METHOD, SCHEME, [':authority', 'user@a'], PATH]],
  ['a path in the authority', 'reset', [METHOD, SCHEME, [':authority', 'a/b'], PATH]],
  ['a port that is no number', 'status 400', [METHOD, SCHEME, [':authority', 'a:x'], PATH]],
  ['a Host that differs from the authority', 'status 400', [...REQUEST, ['host', 'other.test']]],
  ['two Hosts', 'reset', [METHOD, SCHEME, PATH, ['host', 'a.test'], ['host', 'b.test']]],
  ['no authority and no Host', 'reset', [METHOD, SCHEME, PATH]],
];

describe('a request by HTTP/2 is refused on its stream alone when it has', () => {
  for (const [name, outcome, fields] of REFUSED) {
    test(name, async (t) => {
      const { client, heard } = await rig(t);
      send(client, 1, fields);
      assert.equal(await outcomeOf(client, 1), outcome);
      assert.equal(heard(), '', 'the backend has heard nothing');
      send(client, 3, REQUEST);
      assert.equal(await outcomeOf(client, 3), 'served', 'the connection lives on');
    });
  }
});

describe('a field that cannot stand in a request', () => {
  // RFC 9113 wants the stream reset; node:http2 leaves the field out and does not tell.
  for (const [name, field] of [
    ['with a line break in its value', ['x-own', 'a\r\nX-Smuggled: 1']],
    ['with a bare line feed in its value', ['x-own', 'a\nX-Smuggled: 1']],
    ['with NUL in its value', ['x-own', 'a\0X-Smuggled']],
    ['with a line break in its name', ['x-own: 1\r\nx-smuggled', '1']],
    ['with a space in its name', ['x-smuggled ', '1']],
    ['with a colon in its name', ['x-smuggled:', '1']],
  ] as const) {
    test(`${name} never reaches a backend`, async (t) => {
      const { client, heard } = await rig(t);
      send(client, 1, [...REQUEST, field]);
      const outcome = await outcomeOf(client, 1);
      assert.ok(outcome === 'reset' || outcome === 'served', outcome);
      assert.doesNotMatch(heard(), /smuggled/i);
      send(client, 3, REQUEST);
      assert.equal(await outcomeOf(client, 3), 'served');
    });
  }

  test('hides no other: cookies are joined, and nothing else is', async (t) => {
    const { client, heard } = await rig(t);
    const crumbs: readonly Field[] = [
      ['cookie', 'a=1'],
      ['x-own', '1'],
      ['cookie', 'b=2'],
      ['x-own', '2'],
    ];
    send(client, 1, [...REQUEST, ...crumbs]);
    assert.equal(await outcomeOf(client, 1), 'served');
    assert.match(heard(), /\r\nx-own: 1\r\nx-own: 2\r\ncookie: a=1; b=2\r\n/);
  });
});

describe('what is logged of a request that could not be read', () => {
  test('is nothing of the request before it', async (t) => {
    const { client, gateway } = await rig(t);
    send(client, 1, [METHOD, SCHEME, AUTHORITY, [':path', '/secret-path'], ['user-agent', 'first']]);
    assert.equal(await outcomeOf(client, 1), 'served');
    send(client, 3, [METHOD, [':scheme', 'ftp'], AUTHORITY, [':path', '/other']]);
    assert.equal(await outcomeOf(client, 3), 'status 400');
    const [, line] = await gateway.accessLines(2);
    assert.equal(line?.['http.response.status_code'], 400);
    assert.equal(line?.['error.type'], 'request_invalid');
    assert.doesNotMatch(JSON.stringify(line), /secret-path|first/);
  });

  test('is answered with a body also after a HEAD', async (t) => {
    const { client } = await rig(t);
    send(client, 1, [[':method', 'HEAD'], SCHEME, AUTHORITY, PATH]);
    assert.equal(await outcomeOf(client, 1), 'served');
    send(client, 3, [METHOD, [':scheme', 'ftp'], AUTHORITY, PATH]);
    const data = await client.find((each) => each.type === FRAME.DATA && each.stream === 3);
    assert.match(String(data?.payload), /request_invalid/);
  });
});

describe('limits', () => {
  const long = (bytes: number): string => 'a'.repeat(bytes);

  for (const [name, status, fields] of [
    ['a path beyond the limit', '414', [METHOD, SCHEME, AUTHORITY, [':path', `/${long(9000)}`]]],
    ['fields beyond the limit', '431', [...REQUEST, ['x-own', long(8500)], ['x-more', long(8500)]]],
    [
      'more fields than the limit',
      '431',
      [...REQUEST, ...Array.from({ length: 100 }, (_, i): Field => [`x-${i}`, '1'])],
    ],
  ] as const) {
    test(`${name} is answered with ${status}`, async (t) => {
      const { client, gateway, heard } = await rig(t);
      sendLong(client, 1, fields);
      const [line] = await gateway.accessLines(1);
      assert.equal(line?.['http.response.status_code'], Number(status));
      assert.equal(heard(), '');
      send(client, 3, REQUEST);
      assert.equal(await outcomeOf(client, 3), 'served');
    });
  }

  test('a head far beyond the limit is reset without an answer', async (t) => {
    const { client, heard } = await rig(t);
    // The client has taken note of what we accept.
    client.send(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    sendLong(client, 1, [...REQUEST, ...Array.from({ length: 8 }, (_, i): Field => [`x-${i}`, long(8000)])]);
    assert.equal(await client.resetCode(1), http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    assert.equal(heard(), '');
  });

  test('a head that never ends costs the connection', async (t) => {
    const { client, heard } = await rig(t);
    client.send(frame(FRAME.HEADERS, 0, 1, block(...REQUEST)));
    for (let count = 0; count < 5000 && !client.closed; count++) {
      client.send(frame(FRAME.CONTINUATION, 0, 1, block([`x-${count}`, long(1000)])));
      if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await client.find(() => false);
    assert.equal(client.closed, true);
    assert.equal(heard(), '');
  });

  test('requests that are reset as soon as they are made cost the connection', async (t) => {
    const { client, gateway } = await rig(t);
    const cancel = Buffer.from([0, 0, 0, 8]);
    for (let stream = 1; stream < 4000 && !client.closed; stream += 2) {
      client.send(frame(FRAME.HEADERS, WHOLE, stream, block(...REQUEST)), frame(FRAME.RST_STREAM, 0, stream, cancel));
      if (stream % 101 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await client.find(() => false);
    assert.equal(client.closed, true);
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that nothing runs any more');
  });
});

/** As many frames as a head takes. */
function sendLong(client: RawHttp2Client, stream: number, fields: readonly Field[]): void {
  const bytes = block(...fields);
  const SIZE = 16_000;
  client.send(
    frame(
      FRAME.HEADERS,
      FLAG.END_STREAM | (bytes.length <= SIZE ? FLAG.END_HEADERS : 0),
      stream,
      bytes.subarray(0, SIZE),
    ),
  );
  for (let from = SIZE; from < bytes.length; from += SIZE) {
    const isLast = from + SIZE >= bytes.length;
    client.send(frame(FRAME.CONTINUATION, isLast ? FLAG.END_HEADERS : 0, stream, bytes.subarray(from, from + SIZE)));
  }
}
