import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http2 from 'node:http2';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { answerOf, ask, http2Session } from '../../test/support/http2-session.ts';
import { route, TIMEOUTS } from '../../test/support/playbook.ts';
import { DEFAULT_LIMITS } from '../codec/http1/message-parser.ts';
import { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { compile } from './compile.ts';
import type { Timeouts } from '../contract/bounds.ts';
import { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import { Http2Client } from './http2-client.ts';
import { Traffic } from './traffic.ts';

interface Door {
  readonly engine: Engine;
  readonly url: string;
  readonly clients: Http2Client[];
  /** Those whose path is /held, which are not answered by themselves. */
  readonly held: HttpExchange[];
}

/** A door where every connection speaks HTTP/2, and every request is answered with its path. */
async function openDoor(t: TestContext, timeouts: Partial<Timeouts> = {}): Promise<Door> {
  const held: HttpExchange[] = [];
  const take = (exchange: HttpExchange): void => {
    if (exchange.request.path === '/held') held.push(exchange);
    else exchange.answer({ status: 200, fields: [['X-Id', exchange.id]], body: exchange.request.path });
  };
  const traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });
  const engine = new Engine({
    program: compile([[route({ kind: 'answer', take })]], traffic),
    limits: { request: DEFAULT_LIMITS, response: DEFAULT_LIMITS, maxBodyBytes: DEFAULT_LIMITS.maxBodyBytes },
    timeouts: { ...TIMEOUTS, ...timeouts },
    traffic,
    dial: () => assert.fail('nothing is to be dialled'),
    onFault: (cause) => assert.fail(String(cause)),
  });
  const clients: Http2Client[] = [];
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const client = new Http2Client(engine, socket, '');
    clients.push(client);
    engine.joined(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    engine.close();
    server.close();
  });
  return { engine, url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, clients, held };
}

/** The door has taken so many requests that it does not answer. */
async function holds({ held }: Door, count: number): Promise<void> {
  while (held.length < count) await new Promise(setImmediate);
}

describe('a client that speaks HTTP/2', () => {
  test('may ask for many things at once, and each is an exchange of its own', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
    const answers = await Promise.all(paths.map((path) => ask(session, { ':path': path })));
    assert.deepEqual(
      answers.map(({ body }) => body),
      paths,
    );
    assert.equal(new Set(answers.map(({ fields }) => fields['x-id'])).size, 100);
    assert.equal(door.engine.clientConnections, 1);
    const [open] = door.engine.describeConnections(10);
    assert.deepEqual([open?.door, open?.protocol, open?.request], ['gateway', 'http2', null]);
    assert.match(open?.client ?? '', /^127\.0\.0\.1:\d+$/);
  });

  test('gets the answers in the order in which they are made', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    const slow = ask(session, { ':path': '/held' });
    await holds(door, 1);
    assert.equal((await ask(session, { ':path': '/quick' })).body, '/quick');
    door.held[0]!.answer({ status: 200, body: 'late' });
    assert.equal((await slow).body, 'late');
  });

  test('is told how many requests it may make at once, and how large their heads may be', async (t) => {
    const session = await http2Session(t, (await openDoor(t)).url);
    const [settings] = (await once(session, 'remoteSettings')) as [http2.Settings];
    assert.equal(settings.maxConcurrentStreams, 128);
    const { maxHeadBytes, maxFields } = DEFAULT_LIMITS;
    assert.equal(settings.maxHeaderListSize, maxHeadBytes + 32 * maxFields);
  });

  test('has fields as in HTTP/1.1: as many as the limit, and no more', async (t) => {
    const session = await http2Session(t, (await openDoor(t)).url);
    const fields = (count: number): http2.OutgoingHttpHeaders =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, '1']));
    // One is Host, which the authority becomes.
    assert.equal((await ask(session, fields(DEFAULT_LIMITS.maxFields - 1))).status, 200);
    assert.equal((await ask(session, fields(DEFAULT_LIMITS.maxFields))).status, 431);
    assert.equal((await ask(session, {})).status, 200, 'the connection goes on');
  });

  test('is known by its address, and not by a name that it has not said', async (t) => {
    const door = await openDoor(t);
    await ask(await http2Session(t, door.url), {});
    const [client] = door.clients;
    assert.deepEqual([client!.connection.remoteAddress, client!.connection.secure], ['127.0.0.1', false]);
    assert.equal(client!.connection.serverName, '');
    assert.equal(
      client!.forwardedLines.toString(),
      `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nVia: 2.0 ${door.engine.pseudonym}\r\n`,
    );
    assert.equal(client!.ends?.sourceAddress, '127.0.0.1');
  });

  test('leaves the engine when it goes, and what it has asked for is given up', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    session.request({ ':path': '/held' }).on('error', () => {});
    await holds(door, 1);
    session.destroy();
    while (door.engine.clientConnections > 0) await new Promise(setImmediate);
    assert.deepEqual([door.held[0]!.over, door.held[0]!.errorCode], [true, 'client_closed']);
    assert.equal(door.engine.traffic.requestsInFlight, 0);
  });

  test('that asks for nothing is not kept', async (t) => {
    const door = await openDoor(t, { idleMs: 50 });
    const session = await http2Session(t, door.url);
    await once(session, 'close');
    while (door.engine.clientConnections > 0) await new Promise(setImmediate);
  });
});

describe('when its connection is to end', () => {
  test('it finishes what it has begun and begins nothing more', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    const answer = answerOf(session.request({ ':path': '/held' }));
    await holds(door, 1);
    const drained = door.engine.drain();
    await once(session, 'goaway');
    assert.equal(door.engine.clientConnections, 1);
    door.held[0]!.answer({ status: 200, body: 'whole' });
    assert.deepEqual([(await answer).body, (await answer).resetCode], ['whole', 0]);
    await drained;
    assert.equal(door.engine.clientConnections, 0);
  });

  test('it ends at once when nothing runs on it', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    await ask(session, {});
    await Promise.all([once(session, 'close'), door.engine.drain()]);
  });

  test('it is cut whatever runs on it', async (t) => {
    const door = await openDoor(t);
    const session = await http2Session(t, door.url);
    const stream = session.request({ ':path': '/held' });
    const answer = answerOf(stream);
    await holds(door, 1);
    door.clients[0]!.cut();
    assert.equal((await answer).status, 0);
    while (door.engine.clientConnections > 0) await new Promise(setImmediate);
    assert.equal(door.held[0]!.over, true);
  });
});
