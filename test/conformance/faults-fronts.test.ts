// Clients and origins that misbehave, behind the other fronts: HTTP/1.1 in TLS, HTTP/2, and HTTP/2 in TLS. Rule: a fault means the
// same whatever the client speaks: the same status, the same word in one line of the log, an answer that is visibly cut when it is
// not whole, and nothing left.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { settleMemory } from '../../src/runtime/settle-memory.ts';
import { endsWell, outcomes, pour, standsStill } from '../support/engine-rig.ts';
import { type Gateway, gatewayTo, type GatewaySettings } from '../support/gateway.ts';
import { answerOf, http2Session } from '../support/http2-session.ts';
import { rawOrigin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { type CertificateFiles, makeCertificate } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { get, ok, post } from '../support/raw-messages.ts';
import { RecordingOrigin, type Reply } from '../support/recording-origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHORT: GatewaySettings = {
  timeouts: { headers: '300ms', read: '300ms', write: '300ms', idle: '10s', connect: '2s' },
};
const MIB = 1024 * 1024;

interface Heard {
  readonly status: number;
  readonly body: string;
  readonly isWhole: boolean;
}

interface Front {
  readonly name: string;
  readonly isSecure: boolean;
  /** Sends a request and, when `begins` is given, a body that begins with it and never ends. */
  ask(t: TestContext, gateway: Gateway, begins?: string): Promise<Heard>;
}

async function askByHttp2(t: TestContext, gateway: Gateway, begins?: string): Promise<Heard> {
  const session = await http2Session(t, gateway.url, { rejectUnauthorized: false });
  const stream = session.request(
    { ':method': begins === undefined ? 'GET' : 'POST' },
    { endStream: begins === undefined },
  );
  if (begins !== undefined) stream.write(begins);
  const { status, body, resetCode } = await answerOf(stream);
  session.close();
  return { status, body, isWhole: resetCode === 0 };
}

async function askByTls(t: TestContext, gateway: Gateway, begins?: string): Promise<Heard> {
  const client = await RawClient.connectTls(t, gateway.port);
  if (begins === undefined) client.send(get('Connection: close'));
  else client.send(`${post('Transfer-Encoding: chunked')}${begins.length.toString(16)}\r\n${begins}\r\n`);
  await client.closed();
  return client.answers()[0] ?? assert.fail('there is no answer');
}

const FRONTS: readonly Front[] = [
  { name: 'TLS', isSecure: true, ask: askByTls },
  { name: 'HTTP/2', isSecure: false, ask: askByHttp2 },
  { name: 'HTTP/2 in TLS', isSecure: true, ask: askByHttp2 },
];

function secured(settings: GatewaySettings, certificate: CertificateFiles): GatewaySettings {
  return { ...settings, gateway: { ...settings.gateway, tls: certificate } };
}

/** Undefined where there is no openssl to make a certificate. */
async function gatewayBehind(
  t: TestContext,
  backend: string,
  isSecure: boolean,
  settings: GatewaySettings = SHORT,
): Promise<Gateway | undefined> {
  if (!isSecure) return gatewayTo(t, backend, settings);
  if (requirePeer(t, 'openssl') === undefined) return undefined;
  return gatewayTo(t, backend, secured(settings, makeCertificate(temporaryFolder(t))));
}

const cutting =
  (answer: string): Reply =>
  (_request, socket) => {
    socket.write(answer, () => void socket.resetAndDestroy());
    return null;
  };
const closing =
  (answer: string): Reply =>
  (_request, socket) => {
    socket.end(answer);
    return null;
  };

/** What an origin does, and how it ends in the log. An outcome of 200 with an error is an answer that was cut. */
const FAULTS: Readonly<Record<string, readonly [reply: Reply, outcome: string]>> = {
  'resets before it answers': [cutting(''), '502 upstream_reset'],
  'closes before it answers': [closing(''), '502 upstream_reset'],
  'closes within its head': [closing('HTTP/1.1 200 OK\r\nX: '), '502 upstream_incomplete'],
  'answers garbage': [() => 'garbage\r\n\r\n', '502 upstream_invalid'],
  'never answers': [() => null, '504 upstream_timeout'],
  'stalls within its head': [() => 'HTTP/1.1 200 OK\r\nX: ', '504 upstream_timeout'],
  'sends more than it announced': [() => `${ok('Content-Length: 2')}hi and more`, '200'],
  'closes in the middle of its answer': [closing(`${ok('Content-Length: 9')}half`), '200 upstream_incomplete'],
  'closes before its last chunk': [
    closing(`${ok('Transfer-Encoding: chunked')}4\r\nhalf\r\n`),
    '200 upstream_incomplete',
  ],
  'stalls in the middle of its answer': [() => `${ok('Content-Length: 9')}half`, '200 upstream_timeout'],
  'sends a chunk that is none': [() => `${ok('Transfer-Encoding: chunked')}4\r\nhalf\r\nx`, '200 upstream_invalid'],
};

for (const { name, isSecure, ask } of FRONTS) {
  describe(`an origin behind ${name}`, () => {
    for (const [what, [reply, outcome]] of Object.entries(FAULTS)) {
      test(`that ${what} ends in ${outcome}`, async (t) => {
        const origin = await RecordingOrigin.open(t, reply);
        const gateway = await gatewayBehind(t, origin.url, isSecure);
        if (gateway === undefined) return;
        const { status, body, isWhole } = await ask(t, gateway);
        assert.deepEqual([await outcomes(gateway, 1), isWhole], [[outcome], !outcome.startsWith('200 ')]);
        assert.equal(status, Number(outcome.slice(0, 3)));
        if (status !== 200) assert.match(body, new RegExp(`"code":"${outcome.slice(4)}"`));
        await origin.until(({ openConnections }) => openConnections === 0);
      });
    }

    test('that answers before the request has ended is heard', async (t) => {
      const early = await rawOrigin(t, (socket) => {
        socket.once('data', () => socket.write(`${ok('Content-Length: 5')}early`));
      });
      const gateway = await gatewayBehind(t, early, isSecure);
      if (gateway === undefined) return;
      const { status, body, isWhole } = await ask(t, gateway, 'begun');
      assert.deepEqual([status, body, isWhole], [200, 'early', true]);
      assert.deepEqual(await outcomes(gateway, 1), ['200']);
    });

    test('that takes no bytes of a request is given up', async (t) => {
      const gateway = await gatewayBehind(t, await rawOrigin(t, (socket) => void socket.pause()), isSecure, {
        ...SHORT,
        limits: { body: '200 MiB' },
      });
      if (gateway === undefined) return;
      // More than the system takes for a reader that does not read. (With so much to send, Node's client of HTTP/2 does not
      // hear the answer; the log has it.)
      await ask(t, gateway, 'x'.repeat(40 * MIB));
      assert.deepEqual(await outcomes(gateway, 1), ['504 upstream_timeout']);
    });
  });

  describe(`a client of ${name}`, () => {
    test('whose body stalls gets 408, and its origin no complete request', async (t) => {
      const origin = await RecordingOrigin.open(t);
      const gateway = await gatewayBehind(t, origin.url, isSecure);
      if (gateway === undefined) return;
      const { status, isWhole } = await ask(t, gateway, 'begun');
      assert.deepEqual([status, isWhole], [408, true]);
      await origin.until(({ openConnections }) => openConnections === 0);
      assert.deepEqual(origin.seen, []);
      assert.deepEqual(await outcomes(gateway, 1), ['408 request_timeout']);
    });
  });
}

/** TLS writes copies, which are garbage as soon as they are sent. */
function buffersInUse(): number {
  settleMemory();
  return process.memoryUsage().arrayBuffers;
}

describe('a client behind TLS', () => {
  interface Rig {
    readonly gateway: Gateway;
    readonly origin: RecordingOrigin;
    readonly client: RawClient;
  }

  async function rig(t: TestContext, reply?: Reply, settings: GatewaySettings = SHORT): Promise<Rig | undefined> {
    const origin = await RecordingOrigin.open(t, reply);
    const gateway = await gatewayBehind(t, origin.url, true, settings);
    return gateway && { gateway, origin, client: await RawClient.connectTls(t, gateway.port) };
  }

  const pouring: Reply = (_request, socket) => {
    socket.write(ok(`Content-Length: ${100 * MIB}`));
    pour(socket, 100 * MIB);
    return null;
  };

  test('that says nothing is let go of without a word', async (t) => {
    const set = await rig(t);
    if (set === undefined) return;
    await set.client.closed();
    assert.equal(set.client.text, '');
    assert.deepEqual(await outcomes(set.gateway, 0), []);
  });

  test('that never completes its head gets 408, however steadily it sends', async (t) => {
    const set = await rig(t);
    if (set === undefined) return;
    const { client, gateway } = set;
    client.send('GET / HTTP/1.1\r\nX: ');
    while (client.ending === 'open') {
      client.send('x');
      await pause(10);
    }
    assert.match(client.text, /^HTTP\/1\.1 408 /);
    assert.deepEqual(await outcomes(gateway, 1), ['408 request_timeout']);
  });

  test('that does not read 20 MiB holds the origin back, and gets them all when it does', async (t) => {
    const size = 20 * MIB;
    const set = await rig(
      t,
      (_request, socket) => {
        socket.write(ok(`Content-Length: ${size}`, 'Connection: close'));
        pour(socket, size);
        return null;
      },
      { timeouts: { write: '30s' } },
    );
    if (set === undefined) return;
    const { client, gateway, origin } = set;
    const before = buffersInUse();
    client.socket.pause();
    client.send(get('Connection: close'));
    await origin.until(({ requests }) => requests.length === 1);
    await standsStill(() => origin.sockets[0]!.bytesWritten - origin.sockets[0]!.writableLength);
    const held = buffersInUse() - before;
    assert.ok(held < MIB, `${held} bytes are held for one client`);
    client.socket.resume();
    await client.closed();
    assert.equal(client.answers()[0]?.body.length, size);
    assert.deepEqual(await outcomes(gateway, 1), ['200']);
  });

  test('that never reads is cut, and its origin let go', async (t) => {
    const set = await rig(t, pouring);
    if (set === undefined) return;
    const { client, gateway, origin } = set;
    client.socket.pause();
    client.send(get());
    await gateway.accessLines(1);
    await origin.until(({ openConnections }) => openConnections === 0);
    assert.deepEqual(await outcomes(gateway, 1), ['200 client_closed']);
  });

  const departures: Readonly<Record<string, readonly [reply: Reply, sent: string, awaited: string, outcome: string]>> =
    {
      'while its body is on the way': [() => null, `${post('Content-Length: 9')}half`, '', '499 client_closed'],
      'while it waits for its answer': [() => null, get(), '', '499 client_closed'],
      'while its answer is on the way': [() => `${ok('Content-Length: 9')}half`, get(), 'half', '200 client_closed'],
      'while more comes than it reads': [pouring, get(), 'xxxx', '200 client_closed'],
    };
  for (const [when, [reply, sent, awaited, outcome]] of Object.entries(departures)) {
    test(`that goes away ${when} takes the connection of the origin with it`, async (t) => {
      const set = await rig(t, reply);
      if (set === undefined) return;
      const { client, gateway, origin } = set;
      client.send(sent);
      await origin.until(({ requests, rests }) => requests.length === 1 || rests[0]?.includes('half') === true);
      await client.until(({ text }) => text.includes(awaited));
      client.leave();
      await origin.until(({ openConnections }) => openConnections === 0);
      assert.deepEqual(await outcomes(gateway, 1), [outcome]);
      await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
    });
  }

  test('that breaks its TLS is let go of, and so is its origin', async (t) => {
    const set = await rig(t, () => null);
    if (set === undefined) return;
    const { client, gateway, origin } = set;
    client.send(get());
    await origin.until(({ requests }) => requests.length === 1);
    client.breakTls();
    await client.closed();
    await origin.until(({ openConnections }) => openConnections === 0);
    assert.deepEqual(await outcomes(gateway, 1), ['499 client_closed']);
  });

  test('that breaks its TLS below HTTP/2 is let go of, and so is its origin', async (t) => {
    const set = await rig(t, () => null);
    if (set === undefined) return;
    const { gateway, origin } = set;
    const client = await RawClient.connectTls(t, gateway.port, 'h2');
    const session = http2.connect(gateway.url, { createConnection: () => client.socket });
    session.on('error', () => {});
    session.request({}).on('error', () => {});
    await origin.until(({ requests }) => requests.length === 1);
    client.breakTls();
    await origin.until(({ openConnections }) => openConnections === 0);
    assert.deepEqual(await outcomes(gateway, 1), ['499 client_closed']);
  });

  test('that goes away within its head leaves no trace', async (t) => {
    const set = await rig(t);
    if (set === undefined) return;
    const { client, gateway } = set;
    client.send('GET / HT');
    client.leave();
    await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
    assert.deepEqual(await outcomes(gateway, 0), []);
  });
});

test('a client of HTTP/2 that begins a head and stops is let go of', async (t) => {
  const origin = await RecordingOrigin.open(t);
  const gateway = await gatewayTo(t, origin.url, { timeouts: { idle: '300ms' } });
  const client = await RawClient.connect(t, gateway.port);
  const frame = (type: number, flags: number, stream: number, length: number): string =>
    String.fromCharCode(0, 0, length, type, flags, 0, 0, 0, stream);
  // SETTINGS, then HEADERS that say that more of them follow.
  client.send(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(4, 0, 0, 0)}${frame(1, 0, 1, 1)}\x82`);
  await client.closed();
  await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
  assert.deepEqual(origin.sockets, []);
  await endsWell(t, gateway, []);
});
