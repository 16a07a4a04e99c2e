// Many clients, some of which do well and some badly, one batch after the other. Rule: what they leave behind is counted, not timed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { countHeadBuffers } from '../support/engine-rig.ts';
import { type Gateway, gatewayTo } from '../support/gateway.ts';
import { ask } from '../support/http2-session.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { get, post } from '../support/raw-messages.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What one client does, and how many requests of it are answered for certain. */
type Script<Client> = readonly [act: (client: Client) => Promise<void>, requests: number];

interface Churn<Client> {
  readonly clients: number;
  readonly connect: () => Promise<Client>;
  readonly scripts: readonly Script<Client>[];
  /** How many connections of the origin they take with them. */
  readonly costs: number;
}

const AT_ONCE = 40;

/** Lets them come and go, and looks at what is left. */
async function churn<Client>(
  gateway: Gateway,
  origin: RecordingOrigin,
  { clients, connect, scripts, costs }: Churn<Client>,
): Promise<void> {
  let answered = 0;
  for (let from = 0; from < clients; from += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, async (_, index) => {
      const [act, requests] = scripts[(from + index) % scripts.length]!;
      await act(await connect());
      answered += requests;
    });
    await Promise.all(batch);
  }
  await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that all are gone');
  await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that nothing runs any more');
  // Who goes right behind the handshake of TLS has never been let in.
  const turnedAway = gateway.metric('sluice_tls_handshake_errors_total');
  assert.equal(gateway.metric('sluice_connections_total') + turnedAway, clients);
  assert.equal(gateway.metric('sluice_http_requests_total'), answered);
  assert.equal((await gateway.accessLines(answered)).length, answered);
  assert.ok(origin.sockets.length <= AT_ONCE * 2 + costs, `${origin.sockets.length} connections to the origin`);
  await gateway.until(
    () => gateway.metric('sluice_upstream_connections_open') === origin.openConnections,
    'that both sides have the same connections',
  );
  assert.equal(countHeadBuffers(), 0);
}

/** HTTP/1.1, in the clear or in TLS. */
const SCRIPTS: readonly Script<RawClient>[] = [
  [
    async (client) => {
      client.send(get() + get('Connection: close'));
      await client.closed();
      assert.deepEqual(
        client.answers().map(({ status, body }) => `${status} ${body}`),
        ['200 ok', '200 ok'],
      );
    },
    2,
  ],
  [
    async (client) => {
      client.send(`${post('Content-Length: 5')}hello`);
      await client.untilText(/ok$/);
      client.socket.end();
    },
    1,
  ],
  [(client) => Promise.resolve(void client.socket.end()), 0],
  [
    async (client) => {
      client.send('GET / HTTP/1.1\r\nHo');
      await nextTurn();
      client.leave();
    },
    0,
  ],
  [
    async (client) => {
      client.send('\0');
      await client.closed();
      assert.match(client.text, /^HTTP\/1\.1 400 /);
    },
    1,
  ],
  [
    async (client) => {
      client.send(`${post('Transfer-Encoding: chunked', 'Connection: close')}5\r\nhello\r\n0\r\n\r\n`);
      await client.closed();
      assert.match(client.text, /ok$/);
    },
    1,
  ],
];

async function connectHttp2(t: TestContext, url: string): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(url);
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  return session;
}

const HTTP2_SCRIPTS: readonly Script<http2.ClientHttp2Session>[] = [
  [
    async (session) => {
      const answers = await Promise.all([
        ask(session, {}),
        ask(session, { ':method': 'POST' }, 'hello'),
        ask(session, {}),
      ]);
      assert.deepEqual(
        answers.map(({ status, body }) => `${status} ${body}`),
        ['200 ok', '200 ok', '200 ok'],
      );
      session.close();
    },
    3,
  ],
  [(session) => Promise.resolve(session.destroy()), 0],
  [
    async (session) => {
      assert.equal((await ask(session, { ':scheme': 'ftp' })).status, 400);
      session.destroy();
    },
    1,
  ],
  [
    async (session) => {
      const upload = session.request({ ':method': 'POST' });
      upload.on('error', () => {});
      upload.write('half');
      assert.equal((await ask(session, { ':path': '/other' })).status, 200);
      session.destroy();
    },
    2,
  ],
];

describe('clients come, do well or badly, and go, and all is as it was', () => {
  test('ten thousand of HTTP/1.1', async (t) => {
    const origin = await RecordingOrigin.open(t);
    const gateway = await gatewayTo(t, origin.url);
    await churn(gateway, origin, {
      clients: 10_000,
      connect: () => RawClient.connect(t, gateway.port),
      scripts: SCRIPTS,
      costs: 0,
    });
  });

  test('a thousand of HTTP/1.1 in TLS', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const origin = await RecordingOrigin.open(t);
    const gateway = await gatewayTo(t, origin.url, { gateway: { tls: makeCertificate(temporaryFolder(t)) } });
    await churn(gateway, origin, {
      clients: 1000,
      connect: () => RawClient.connectTls(t, gateway.port),
      scripts: SCRIPTS,
      costs: 0,
    });
  });

  test('two thousand of HTTP/2', async (t) => {
    const origin = await RecordingOrigin.open(t);
    const gateway = await gatewayTo(t, origin.url);
    await churn(gateway, origin, {
      clients: 2000,
      connect: () => connectHttp2(t, gateway.url),
      scripts: HTTP2_SCRIPTS,
      costs: 500,
    });
  });
});
