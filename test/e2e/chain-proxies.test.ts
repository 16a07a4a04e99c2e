// Chains through real proxies, in every mixture: what each of them answers is what nobody here has made up.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import { endpointOfUrl } from '../../src/services/chain/endpoint-of-url.ts';
import type { HopAuthScheme, ProxyEndpoint } from '../../src/services/chain/proxy-endpoint.ts';
import { proveRawIo } from '../../src/transport/raw-io.ts';
import { connect, exchange, failure, proxyTls, until } from '../support/chain-rig.ts';
import {
  type RunningProxy,
  startDanted,
  startHaproxy,
  startMicrosocks,
  startPrivoxy,
  startSquid,
  startTinyproxy,
} from '../support/proxies.ts';

before(() => proveRawIo());

const LOGIN = { username: 'us-er', password: 'p:ss%w@rd' };
/** For a proxy whose configuration has no quotes. */
const PLAIN_LOGIN = { username: 'user', password: 'pass' };

/** Speaks first, and then says back what it hears. */
async function greeter(t: TestContext): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('220 ready\r\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

interface More {
  readonly auth?: HopAuthScheme;
  readonly tls?: ProxyEndpoint['tls'];
  readonly scheme?: string;
}

function endpointOf(proxy: RunningProxy, { scheme, ...more }: More = {}): ProxyEndpoint {
  const url = scheme === undefined ? proxy.url : proxy.url.replace(/^\w+/, scheme);
  return endpointOfUrl(url, { hop: proxy.name, id: proxy.name, ...more });
}

/** Both directions, the greeting that comes first included, whole and unchanged. */
async function assertCarries(chain: readonly ProxyEndpoint[], port: number): Promise<void> {
  const sent = randomBytes(100_000).toString('hex');
  const dialled = await connect(chain, { host: '127.0.0.1', port });
  const received = await exchange(dialled, sent, '220 ready\r\n'.length + sent.length);
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  assert.equal(digest(received), digest(`220 ready\r\n${sent}`));
}

describe('a chain through real proxies', () => {
  test('carries bytes unchanged in every order and length', async (t) => {
    const { certificate, client } = proxyTls(t);
    const squid = await startSquid(t);
    const secure = await startSquid(t, { tls: certificate });
    const tinyproxy = await startTinyproxy(t, PLAIN_LOGIN);
    // Dante connects to anybody but itself.
    const [danted, danted4, danted4a] = [await startDanted(t), await startDanted(t), await startDanted(t)];
    const microsocks = await startMicrosocks(t, LOGIN);
    const privoxy = await startPrivoxy(t);
    if (!squid || !secure || !tinyproxy || !danted || !danted4 || !danted4a || !microsocks || !privoxy) return;
    const haproxy = await startHaproxy(t, squid, certificate);
    if (!haproxy) return;
    const hops = {
      squid: endpointOf(squid),
      secure: endpointOf(secure, { tls: client() }),
      tinyproxy: endpointOf(tinyproxy),
      danted: endpointOf(danted),
      microsocks: endpointOf(microsocks),
      privoxy: endpointOf(privoxy),
      haproxy: endpointOf(haproxy, { tls: client() }),
      danted4: endpointOf(danted4, { scheme: 'socks4' }),
      danted4a: endpointOf(danted4a, { scheme: 'socks4a' }),
    };
    const port = await greeter(t);
    for (const names of mixtures(Object.keys(hops) as (keyof typeof hops)[])) {
      await t.test(names.join(', then '), () =>
        assertCarries(
          names.map((name) => hops[name]),
          port,
        ),
      );
    }
  });

  test('leaves the right next hop in the log of each', async (t) => {
    const [first, second] = [await startTinyproxy(t), await startSquid(t)];
    if (!first || !second) return;
    const port = await greeter(t);
    await assertCarries([endpointOf(first), endpointOf(second)], port);
    await first.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${second.port} `));
    await second.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${port} `));
    assert.doesNotMatch(first.log, new RegExp(`:${port}\\b`));
  });
});

/** Each alone, and pairs and threes that between them have everything in every place. */
function mixtures<T>(hops: readonly T[]): T[][] {
  const at = (index: number): T => hops[index % hops.length]!;
  const alone = hops.map((hop) => [hop]);
  const pairs = hops.map((hop, index) => [hop, at(index + 1)]);
  const threes = hops.flatMap((hop, index) => [
    [hop, at(index + 1), at(index + 3)],
    [hop, at(index + 4), at(index + 2)],
  ]);
  return [...alone, ...pairs, ...threes];
}

describe('real authentication', () => {
  for (const scheme of ['basic', 'digest', 'ntlm'] as const) {
    test(`works with Squid's ${scheme}, alone and behind another, and again and again`, async (t) => {
      const squid = await startSquid(t, { auth: { ...LOGIN, scheme } });
      const first = await startTinyproxy(t);
      if (!squid || !first) return;
      const port = await greeter(t);
      const hop = endpointOf(squid, { auth: scheme });
      for (let turn = 0; turn < 3; turn += 1) await assertCarries([hop], port);
      await assertCarries([endpointOf(first), hop], port);
      // Where the proxy has the choice it comes to the same.
      await assertCarries([endpointOf(squid)], port);
      await squid.logs(new RegExp(`TCP_TUNNEL/200 \\d+ CONNECT 127\\.0\\.0\\.1:${port} us-er `, 'i'));
      const rounds = squid.log.split('\n').filter((line) => line.includes('/407')).length;
      // Digest: the nonce is known after the first. NTLM: each connection is challenged once.
      assert.ok(rounds <= { basic: 0, digest: 4, ntlm: 6 }[scheme], squid.log);
    });
  }

  test('is refused by Squid and by microsocks with the wrong password, and that is a matter of credentials', async (t) => {
    const squid = await startSquid(t, { auth: { ...LOGIN, scheme: 'basic' } });
    const digest = await startSquid(t, { auth: { ...LOGIN, scheme: 'digest' } });
    const microsocks = await startMicrosocks(t, LOGIN);
    if (!squid || !digest || !microsocks) return;
    for (const hop of [endpointOf(squid), endpointOf(digest, { auth: 'digest' }), endpointOf(microsocks)]) {
      const wrong = await failure([{ ...hop, password: 'wrong' }]);
      assert.deepEqual([wrong.code, wrong.blame], ['hop_auth_failed', 'auth']);
      const nobody = await failure([{ ...hop, username: null, password: null, auth: null }]);
      assert.deepEqual([nobody.code, nobody.blame], ['hop_auth_failed', 'auth']);
    }
  });

  test('of NTLM is rehearsed for requests in absolute-form, which then pass with a body', async (t) => {
    const squid = await startSquid(t, { auth: { ...LOGIN, scheme: 'ntlm' } });
    if (!squid) return;
    const port = await greeter(t);
    const to = { host: '127.0.0.1', port };
    const dialled = await connect([endpointOf(squid, { auth: 'ntlm' })], null, { firstRequestTo: to });
    const target = `http://127.0.0.1:${port}/`;
    const credentials = dialled.auth?.authorize('POST', target) ?? '';
    const request = `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nProxy-Authorization: ${credentials}\r\n\r\nbody`;
    // The greeter speaks no HTTP, which Squid passes on as HTTP/0.9 or answers with 502; it is not 407 that matters.
    assert.doesNotMatch(await exchange(dialled, request, 12), /^HTTP\/1\.1 407/);
    await squid.logs(/ POST /);
  });
});

describe('real refusals', () => {
  test('of Squid: a port that its rules forbid is its policy, and reaches nobody else', async (t) => {
    const [strict, exit] = [await startSquid(t, { sslPortsOnly: true }), await startSquid(t)];
    if (!strict || !exit) return;
    const failed = await failure([endpointOf(strict), endpointOf(exit)]);
    assert.deepEqual([failed.code, failed.blame, failed.failedHop], ['hop_denied', 'policy', 0]);
    assert.equal(exit.log.includes('CONNECT'), false);
  });

  test("for a destination where nobody listens are never the proxy's own", async (t) => {
    const proxies = [
      await startSquid(t),
      await startTinyproxy(t),
      await startDanted(t),
      await startMicrosocks(t),
      await startPrivoxy(t),
    ];
    for (const proxy of proxies) {
      if (!proxy) return;
      const failed = await failure([endpointOf(proxy)], {}, { host: '127.0.0.1', port: 1 });
      assert.equal(failed.blame, 'ambiguous', `${proxy.name}: ${failed.message}`);
    }
  });

  test('of a proxy that is gone, or frozen', async (t) => {
    const [gone, frozen] = [await startTinyproxy(t), await startMicrosocks(t)];
    if (!gone || !frozen) return;
    await gone.stop();
    const unreachable = await failure([endpointOf(gone)]);
    assert.deepEqual([unreachable.code, unreachable.blame], ['hop_unreachable', 'member']);
    frozen.signal('SIGSTOP');
    const late = await failure([endpointOf(frozen)], { handshakeTimeoutMs: 100 });
    assert.deepEqual([late.code, late.blame], ['hop_timeout', 'member']);
  });
});

describe('half-close', () => {
  test('passes through danted, and the answer that comes after it', async (t) => {
    const danted = await startDanted(t);
    if (!danted) return;
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      let heard = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard += text;
      });
      socket.on('end', () => socket.end(`you said ${heard}`));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as net.AddressInfo;
    const { connection } = await connect([endpointOf(danted)], { host: '127.0.0.1', port });
    let received = '';
    let hasEnded = false;
    connection.handler = {
      onData: (bytes, from, to) => void (received += bytes.toString('latin1', from, to)),
      onHalfClose: () => {
        hasEnded = true;
      },
      onDrain() {},
      onClose() {},
    };
    connection.resume();
    connection.write(Buffer.from('bye'), 0, 3);
    connection.end();
    await until(() => hasEnded);
    assert.equal(received, 'you said bye');
  });
});
