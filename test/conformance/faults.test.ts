// Clients and origins that misbehave in every way that real ones do, over real sockets. After each of them the gateway is as it
// was: it answers, every request has left one line and is counted once, and nothing is held: no connection, deadline, buffer
// or exchange.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { endsWell, outcomes, pour, standsStill } from '../support/engine-rig.ts';
import { type Gateway, gatewayTo, type GatewaySettings } from '../support/gateway.ts';
import { rawOrigin } from '../support/origins.ts';
import { RawClient } from '../support/raw-client.ts';
import { get, ok, post } from '../support/raw-messages.ts';
import { RecordingOrigin, type Reply } from '../support/recording-origin.ts';

const SHORT: GatewaySettings = {
  timeouts: { headers: '300ms', read: '300ms', write: '300ms', idle: '10s', connect: '2s' },
};
const MIB = 1024 * 1024;

interface Setting {
  readonly origin: RecordingOrigin;
  readonly gateway: Gateway;
}

async function setUp(t: TestContext, reply?: Reply, settings: GatewaySettings = SHORT): Promise<Setting> {
  const origin = await RecordingOrigin.open(t, reply);
  const gateway = await gatewayTo(t, origin.url, settings);
  return { origin, gateway };
}

describe('a slow client', () => {
  test('that sends its request an octet at a time is served', async (t) => {
    const { gateway, origin } = await setUp(t);
    const client = await RawClient.connect(t, gateway.port);
    for (const octet of `${post('Content-Length: 5', 'Connection: close')}hello`) {
      client.send(octet);
      await nextTurn();
    }
    await client.closed();
    assert.match(client.text, /^HTTP\/1\.1 200 OK[^]*ok$/);
    assert.deepEqual(origin.seen, ['POST / hello']);
    await endsWell(t, gateway, ['200']);
  });

  test('that never completes its head gets 408, however steadily it sends', async (t) => {
    const { gateway, origin } = await setUp(t);
    const client = await RawClient.connect(t, gateway.port);
    client.send('GET / HTTP/1.1\r\nX: ');
    while (client.ending === 'open') {
      client.send('x');
      await pause(10);
    }
    assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    assert.deepEqual(origin.sockets, []);
    await endsWell(t, gateway, ['408 request_timeout']);
  });

  test('whose body stalls gets 408, and its origin no complete request', async (t) => {
    const { gateway, origin } = await setUp(t);
    const client = await RawClient.ask(t, gateway.port, `${post('Content-Length: 5')}he`);
    assert.match(client.text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    await origin.until(({ openConnections }) => openConnections === 0);
    assert.deepEqual(origin.seen, []);
    await endsWell(t, gateway, ['408 request_timeout']);
  });

  test('that says nothing is let go of without a word', async (t) => {
    const { gateway } = await setUp(t);
    const client = await RawClient.ask(t, gateway.port, '');
    assert.equal(client.text, '');
    await endsWell(t, gateway, []);
  });

  test('that does not read 20 MiB holds the origin back, and gets them all when it does', async (t) => {
    const size = 20 * MIB;
    const { gateway, origin } = await setUp(
      t,
      (_request, socket) => {
        socket.write(ok(`Content-Length: ${size}`, 'Connection: close'));
        pour(socket, size);
        return null;
      },
      { timeouts: { write: '30s' } },
    );
    const before = process.memoryUsage().arrayBuffers;
    const client = await RawClient.connect(t, gateway.port);
    client.socket.pause();
    client.send(get('Connection: close'));
    await origin.until(({ requests }) => requests.length === 1);
    await standsStill(() => origin.sockets[0]!.bytesWritten - origin.sockets[0]!.writableLength);
    const held = process.memoryUsage().arrayBuffers - before;
    assert.ok(held < 4 * MIB, `${held} bytes are held for one client`);
    client.socket.resume();
    await client.closed();
    assert.equal(client.answers()[0]?.body.length, size);
    assert.equal(client.ending, 'end');
    await endsWell(t, gateway, ['200']);
  });

  test('that never reads is cut, and its origin let go', async (t) => {
    const { gateway, origin } = await setUp(t, (_request, socket) => {
      socket.write(ok(`Content-Length: ${100 * MIB}`));
      pour(socket, 100 * MIB);
      return null;
    });
    const client = await RawClient.connect(t, gateway.port);
    client.socket.pause();
    client.send(get());
    await gateway.accessLines(1);
    await origin.until(({ openConnections }) => openConnections === 0);
    await endsWell(t, gateway, ['200 client_closed']);
  });
});

describe('an origin', () => {
  const silent: Reply = () => null;
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

  test('that is not there gives 502', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    const gateway = await gatewayTo(t, `http://127.0.0.1:${port}`, SHORT);
    const client = await RawClient.ask(t, gateway.port, get() + get('Connection: close'));
    assert.deepEqual(
      client.answers().map(({ status }) => status),
      [502, 502],
    );
    await endsWell(t, gateway, ['502 upstream_unreachable', '502 upstream_unreachable']);
  });

  const answers: Readonly<Record<string, readonly [reply: Reply, client: RegExp, outcome: string]>> = {
    'that resets before it answers gives 502': [cutting(''), /^HTTP\/1\.1 502 /, '502 upstream_reset'],
    'that closes before it answers gives 502': [closing(''), /^HTTP\/1\.1 502 /, '502 upstream_reset'],
    'that closes within its head gives 502': [
      closing('HTTP/1.1 200 OK\r\nX: '),
      /^HTTP\/1\.1 502 /,
      '502 upstream_incomplete',
    ],
    'that answers garbage gives 502': [() => 'garbage\r\n\r\n', /^HTTP\/1\.1 502 /, '502 upstream_invalid'],
    'that never answers gives 504': [silent, /^HTTP\/1\.1 504 /, '504 upstream_timeout'],
    'that stalls within its head gives 504': [
      () => 'HTTP/1.1 200 OK\r\nX: ',
      /^HTTP\/1\.1 504 /,
      '504 upstream_timeout',
    ],
    'that sends more than it announced is believed as far as it goes': [
      () => `${ok('Content-Length: 2')}hi and more`,
      /^HTTP\/1\.1 200 OK[^]*\r\n\r\nhi$/,
      '200',
    ],
  };
  for (const [what, [reply, wanted, outcome]] of Object.entries(answers)) {
    test(what, async (t) => {
      const { gateway, origin } = await setUp(t, reply);
      const client = await RawClient.ask(t, gateway.port, get('Connection: close'));
      assert.match(client.text, wanted);
      assert.equal(client.ending, 'end');
      await origin.until(({ openConnections }) => openConnections === 0);
      await endsWell(t, gateway, [outcome]);
    });
  }

  const halves: Readonly<Record<string, readonly [reply: Reply, outcome: string]>> = {
    'that resets in the middle of its answer': [cutting(`${ok('Content-Length: 9')}half`), '200 upstream_incomplete'],
    'that closes in the middle of its answer': [closing(`${ok('Content-Length: 9')}half`), '200 upstream_incomplete'],
    'that stalls in the middle of its answer': [() => `${ok('Content-Length: 9')}half`, '200 upstream_timeout'],
    'that sends a chunk that is none': [
      () => `${ok('Transfer-Encoding: chunked')}4\r\nhalf\r\nx`,
      '200 upstream_invalid',
    ],
    'that resets an answer without a length': [cutting(`${ok()}half`), '200 upstream_incomplete'],
  };
  for (const [what, [reply, outcome]] of Object.entries(halves)) {
    test(`${what} has it cut for the client too`, async (t) => {
      const { gateway, origin } = await setUp(t, reply);
      const client = await RawClient.ask(t, gateway.port, get());
      assert.equal(client.ending, 'reset');
      assert.ok(client.answers().every(({ isWhole }) => !isWhole));
      await origin.until(({ openConnections }) => openConnections === 0);
      // A reset overtakes what was sent before it, so the origin may not even have begun its answer for us.
      const [seen] = await outcomes(gateway, 1);
      assert.ok(seen === outcome || seen === '502 upstream_reset', `${seen}`);
    });
  }

  test('that answers before the request has ended is heard, and the connection ends', async (t) => {
    const early = await rawOrigin(t, (socket) => {
      socket.once('data', () => socket.write(`${ok('Content-Length: 5')}early`));
    });
    const gateway = await gatewayTo(t, early, SHORT);
    const client = await RawClient.connect(t, gateway.port);
    client.send(`${post('Content-Length: 1000000')}${'x'.repeat(1000)}`);
    await client.closed();
    assert.match(client.text, /\r\nConnection: close\r\n\r\nearly$/);
    await endsWell(t, gateway, ['200']);
  });

  test('that takes no bytes of a request is given up', async (t) => {
    const deaf = await rawOrigin(t, () => {});
    const gateway = await gatewayTo(t, deaf, { ...SHORT, limits: { body: '200 MiB' } });
    const client = await RawClient.connect(t, gateway.port);
    client.send(post(`Content-Length: ${100 * MIB}`));
    pour(client.socket, 100 * MIB);
    await client.closed();
    assert.deepEqual(await outcomes(gateway, 1), ['504 upstream_timeout']);
  });

  test('that closes each connection after its answer is asked on another one each time', async (t) => {
    const { gateway, origin } = await setUp(t, closing(`${ok('Content-Length: 2')}hi`));
    const client = await RawClient.connect(t, gateway.port);
    for (let turn = 1; turn <= 5; turn++) {
      client.send(get());
      await client.until(({ text }) => text.split('\r\n\r\nhi').length === turn + 1);
    }
    assert.equal(origin.sockets.length, 5);
    await endsWell(t, gateway, ['200', '200', '200', '200', '200']);
  });
});

describe('a client that goes away', () => {
  const leave = (client: RawClient): void => void client.socket.resetAndDestroy();

  test('before and within its head leaves no trace', async (t) => {
    const { gateway } = await setUp(t);
    for (const sent of ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\n']) {
      const client = await RawClient.connect(t, gateway.port);
      client.send(sent);
      await gateway.until(() => gateway.metric('sluice_connections_open') === 1, 'that it is connected');
      leave(client);
      await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
    }
    await endsWell(t, gateway, []);
  });

  test('while its body is on the way takes the request with it', async (t) => {
    const { gateway, origin } = await setUp(t);
    const client = await RawClient.connect(t, gateway.port);
    client.send(`${post('Transfer-Encoding: chunked')}5\r\nhello\r\n`);
    await origin.until(({ rests }) => rests[0]?.includes('hello') === true);
    leave(client);
    await origin.until(({ openConnections }) => openConnections === 0);
    assert.deepEqual(origin.seen, []);
    await endsWell(t, gateway, ['499 client_closed']);
  });

  test('while it waits for its answer takes the request with it', async (t) => {
    const { gateway, origin } = await setUp(t, () => null);
    const client = await RawClient.connect(t, gateway.port);
    client.send(get());
    await origin.until(({ requests }) => requests.length === 1);
    leave(client);
    await origin.until(({ openConnections }) => openConnections === 0);
    await endsWell(t, gateway, ['499 client_closed']);
  });

  test('while its answer is on the way takes the connection of the origin with it', async (t) => {
    const { gateway, origin } = await setUp(t, () => `${ok('Content-Length: 9')}half`);
    const client = await RawClient.connect(t, gateway.port);
    client.send(get());
    await client.untilText('half');
    leave(client);
    await origin.until(({ openConnections }) => openConnections === 0);
    await endsWell(t, gateway, ['200 client_closed']);
  });

  test('while it does not read does so too', async (t) => {
    const { gateway, origin } = await setUp(
      t,
      (_request, socket) => {
        socket.write(ok(`Content-Length: ${100 * MIB}`));
        pour(socket, 100 * MIB);
        return null;
      },
      { timeouts: { write: '30s' } },
    );
    const client = await RawClient.connect(t, gateway.port);
    client.send(get());
    await client.until(({ receivedBytes }) => receivedBytes > MIB);
    client.socket.pause();
    leave(client);
    await origin.until(({ openConnections }) => openConnections === 0);
    await endsWell(t, gateway, ['200 client_closed']);
  });

  test('right after it has asked is noticed, whether its answer was sent or not', async (t) => {
    const { gateway } = await setUp(t);
    const client = await RawClient.connect(t, gateway.port);
    client.socket.write(get(), () => leave(client));
    await gateway.until(() => gateway.metric('sluice_connections_total') === 1, 'that it was accepted');
    await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that it is gone');
    assert.ok(gateway.metric('sluice_http_requests_total') <= 1);
  });
});
