import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { type Gateway, gatewayTo, type GatewaySettings } from '../../test/support/gateway.ts';
import { FRAME, frame, RawHttp2Peer, uint32 } from '../../test/support/http2-frames.ts';
import { ask, http2Session } from '../../test/support/http2-session.ts';
import { http2Origin, rawOrigin } from '../../test/support/origins.ts';

const MAX_CONCURRENT_STREAMS = 3;

/** Requests to a gateway in front of that backend, all at once on two connections, as one may be too narrow. */
async function asksAtOnce(t: TestContext, gateway: Gateway, count: number): Promise<number[]> {
  const sessions = await Promise.all([http2Session(t, gateway.url), http2Session(t, gateway.url)]);
  const answers = Array.from({ length: count }, (_, index) => ask(sessions[index % 2]!, {}));
  return (await Promise.all(answers)).map(({ status }) => status);
}

/** A server that says only what the test lets it say. */
async function silentOrigin(
  t: TestContext,
  settings: GatewaySettings = {},
): Promise<{ readonly gateway: Gateway; readonly peers: RawHttp2Peer[] }> {
  const peers: RawHttp2Peer[] = [];
  const url = await rawOrigin(t, (socket: net.Socket) => peers.push(new RawHttp2Peer(socket)));
  return { gateway: await gatewayTo(t, url.replace('http:', 'h2c:'), settings), peers };
}

const STATUS_200 = Buffer.of(0x88);
const WHOLE = 5;

function greets(peer: RawHttp2Peer, streams: number): void {
  peer.send(frame(FRAME.SETTINGS, 0, 0, Buffer.concat([Buffer.of(0, MAX_CONCURRENT_STREAMS), uint32(streams)])));
}

/** The numbers of the streams that have begun. */
function begun(peer: RawHttp2Peer): number[] {
  return peer.frames.filter(({ type }) => type === FRAME.HEADERS).map(({ stream }) => stream);
}

function answers(peer: RawHttp2Peer, stream: number): void {
  peer.send(frame(FRAME.HEADERS, WHOLE, stream, STATUS_200));
}

describe('the connections to an origin that speaks HTTP/2', () => {
  test('are one for many requests, also for those that came while it was made', async (t) => {
    const { url, sessions } = await http2Origin(t, (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    const gateway = await gatewayTo(t, url);
    assert.deepEqual(new Set(await asksAtOnce(t, gateway, 60)), new Set([200]));
    assert.equal(sessions.length, 1);
    assert.equal(gateway.metric('sluice_upstream_connections_total'), 1);
    assert.equal(gateway.metric('sluice_upstream_connections_open'), 1);
  });

  test('carry nothing before their server has said how much they take', async (t) => {
    const { gateway, peers } = await silentOrigin(t);
    const session = await http2Session(t, gateway.url);
    const asked = [ask(session, {}), ask(session, {})];
    await gateway.until(() => peers.length === 1, 'that the origin is dialled');
    const [peer] = peers;
    await peer!.find(({ type }) => type === FRAME.SETTINGS);
    assert.deepEqual(begun(peer!), []);
    greets(peer!, 1);
    await peer!.find(({ type }) => type === FRAME.HEADERS);
    assert.deepEqual(begun(peer!), [1], 'no more than it takes');
    answers(peer!, 1);
    await peer!.find(({ type, stream }) => type === FRAME.HEADERS && stream === 3);
    answers(peer!, 3);
    assert.deepEqual(
      (await Promise.all(asked)).map(({ status }) => status),
      [200, 200],
    );
  });

  test('are more when one takes no more, up to sixteen; then requests wait', async (t) => {
    const open: http2.ServerHttp2Stream[] = [];
    let hasRoom = false;
    const reply = (stream: http2.ServerHttp2Stream): void => stream.respond({ ':status': 200 }, { endStream: true });
    const { url, sessions } = await http2Origin(t, (stream) => (hasRoom ? reply(stream) : void open.push(stream)), {
      settings: { maxConcurrentStreams: 1 },
    });
    const gateway = await gatewayTo(t, url);
    const asked = asksAtOnce(t, gateway, 20);
    await gateway.until(() => open.length === 16, 'that sixteen requests run');
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 20, 'that all have come');
    assert.deepEqual([sessions.length, open.length], [16, 16]);
    hasRoom = true;
    for (const stream of open) reply(stream);
    assert.deepEqual(new Set(await asked), new Set([200]));
    assert.equal(sessions.length, 16);
  });

  test('are made anew when they have been lost', async (t) => {
    const { url, sessions } = await http2Origin(t, (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    assert.equal((await ask(session, {})).status, 200);
    sessions[0]!.destroy();
    await gateway.until(() => gateway.metric('sluice_upstream_connections_open') === 0, 'that the loss is noticed');
    assert.equal((await ask(session, {})).status, 200);
    assert.deepEqual([sessions.length, gateway.metric('sluice_upstream_connections_total')], [2, 2]);
  });
});

describe('whoever waits for a connection', () => {
  test('hears that it could not be made', async (t) => {
    const gateway = await gatewayTo(t, 'h2c://127.0.0.1:1');
    assert.deepEqual(new Set(await asksAtOnce(t, gateway, 8)), new Set([502]));
    assert.equal(gateway.metric('sluice_upstream_errors_total', { reason: 'upstream_unreachable' }), 8);
  });

  test('hears that its server says nothing', async (t) => {
    const { gateway } = await silentOrigin(t, { timeouts: { read: '100ms' } });
    assert.deepEqual(await asksAtOnce(t, gateway, 2), [504, 504]);
  });

  test('hears that its server speaks something else', async (t) => {
    const { gateway, peers } = await silentOrigin(t);
    const asked = asksAtOnce(t, gateway, 2);
    await gateway.until(() => peers.length === 1, 'that the origin is dialled');
    peers[0]!.send(Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    assert.deepEqual(await asked, [502, 502]);
  });

  test('hears that its server has gone', async (t) => {
    const { gateway, peers } = await silentOrigin(t);
    const asked = asksAtOnce(t, gateway, 2);
    await gateway.until(() => peers.length === 1, 'that the origin is dialled');
    peers[0]!.socket.end();
    assert.deepEqual(await asked, [502, 502]);
  });

  test('is forgotten when its client goes', async (t) => {
    const { gateway, peers } = await silentOrigin(t);
    const session = await http2Session(t, gateway.url);
    const [given, kept] = [session.request({}), ask(session, {})];
    given.on('error', () => {});
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 2, 'that both have come');
    given.close(http2.constants.NGHTTP2_CANCEL);
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 1, 'that one has gone');
    greets(peers[0]!, 100);
    await peers[0]!.find(({ type }) => type === FRAME.HEADERS);
    answers(peers[0]!, 1);
    assert.equal((await kept).status, 200);
    assert.deepEqual(begun(peers[0]!), [1]);
  });
});

test('a pool that is not used any more closes when its last request is over', async (t) => {
  const open: http2.ServerHttp2Stream[] = [];
  const { url, sessions } = await http2Origin(t, (stream) => open.push(stream));
  const gateway = await gatewayTo(t, url);
  const asked = ask(await http2Session(t, gateway.url), {});
  await gateway.until(() => open.length === 1, 'that the request runs');
  await gateway.apply({ gateway: { default_backend: url } });
  assert.equal(gateway.metric('sluice_upstream_connections_open'), 1);
  open[0]!.respond({ ':status': 200 }, { endStream: true });
  assert.equal((await asked).status, 200);
  await gateway.until(() => sessions[0]!.destroyed, 'that the connection closes');
});
