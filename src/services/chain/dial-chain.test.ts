import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { type FakeProxy, fakeProxy, httpAnswers, type Script } from '../../../test/support/fake-proxy.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { wheel } from '../../transport/timers.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import type { Destination } from './chain-link.ts';
import { type ChainDialOptions, dialChain, type DialledChain } from './dial-chain.ts';
import type { HopFailure } from './hop-fault.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-chain-'));
after(() => rmSync(dir, { recursive: true }));
before(() => proveRawIo());
const authority = new CertificateAuthority(dir);
const certificate = authority.issue('proxy', 'DNS:proxy.example', 'IP:127.0.0.1');
const trusting = (): TlsClient =>
  new TlsClient({ ca: { name: 'ca', pem: authority.certificate.cert }, alpn: ['http/1.1'] });

const DESTINATION = { host: 'origin.example', port: 443 };
const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';

const dns = new DnsCache({
  resolve(host, done) {
    if (host === 'four.example')
      done(null, [
        { address: '::1', family: 6 },
        { address: '10.0.0.4', family: 4 },
      ]);
    else done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
  },
});
const OPTIONS: ChainDialOptions = { dns, connectTimeoutMs: 20_000, handshakeTimeoutMs: 20_000, budgetMs: 40_000 };

function endpoint(port: number, more: Partial<ProxyEndpoint> = {}): ProxyEndpoint {
  const { protocol = 'http' } = more;
  return {
    hop: 'exits',
    id: `p${port}`,
    protocol,
    host: '127.0.0.1',
    port,
    username: null,
    password: null,
    auth: null,
    tls: protocol === 'https' ? trusting() : null,
    localDns: false,
    ...more,
  };
}

function connect(
  endpoints: readonly ProxyEndpoint[],
  destination: Destination | null = DESTINATION,
  options: Partial<ChainDialOptions> = {},
): Promise<DialledChain> {
  return new Promise((resolve, reject) => {
    dialChain(endpoints, destination, { ...OPTIONS, ...options }, { onConnected: resolve, onFailed: reject });
  });
}

async function failure(
  endpoints: readonly ProxyEndpoint[],
  options: Partial<ChainDialOptions> = {},
  destination: Destination | null = DESTINATION,
): Promise<HopFailure> {
  return connect(endpoints, destination, options).then(
    ({ connection }) => {
      connection.destroy('done');
      return assert.fail('it connected');
    },
    (failed: HopFailure) => failed,
  );
}

/** Sends and returns the first `size` bytes that come, what was left over included; then closes. */
function exchange({ connection, leftover }: DialledChain, text: string, size: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = leftover.toString('latin1');
    const take = (): void => {
      if (received.length < size) return;
      connection.destroy('done');
      resolve(received);
    };
    connection.handler = {
      onData(bytes, from, to) {
        received += bytes.toString('latin1', from, to);
        take();
      },
      onHalfClose: () => reject(new Error(`ended after ${received}`)),
      onDrain() {},
      onClose: (reason) => reject(new Error(reason)),
    };
    connection.resume();
    connection.write(Buffer.from(text), 0, text.length);
    take();
  });
}

/** A proxy that speaks HTTP and really connects to what it is asked for; names lead to 127.0.0.1. */
function relayingHttp(): Script {
  return (heard, socket) => {
    const port = /^CONNECT \S+:(\d+) /.exec(heard)?.[1];
    if (!heard.endsWith('\r\n\r\n') || port === undefined) return null;
    splice(socket, Number(port), OK);
    return { say: '' };
  };
}

function splice(socket: net.Socket, port: number, answer: string | Buffer): void {
  socket.removeAllListeners('data');
  const onward = net.connect({ port, host: '127.0.0.1' }, () => {
    socket.write(answer);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  onward.on('close', () => socket.destroy());
  socket.on('close', () => onward.destroy());
}

function relayingSocks5(): Script {
  return (heard, socket) => {
    if (heard.length < 5) return { say: '\x05\0' };
    splice(
      socket,
      (heard.charCodeAt(heard.length - 2) << 8) | heard.charCodeAt(heard.length - 1),
      Buffer.from('05000001000000000000', 'hex'),
    );
    return { say: '' };
  };
}

describe('a chain of one HTTP proxy', () => {
  test('asks for the destination by name and gives a tunnel, paused, with the time that each phase took', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    const dialled = await connect([endpoint(proxy.port)]);
    assert.equal(dialled.connection.isPaused, true);
    assert.ok(dialled.timings.connectMs > 0 && dialled.timings.hopsMs > 0);
    assert.equal(await exchange(dialled, 'hello', 5), 'hello');
    assert.equal(
      proxy.heard[0],
      'CONNECT origin.example:443 HTTP/1.1\r\nHost: origin.example:443\r\nProxy-Connection: Keep-Alive\r\n\r\n',
    );
  });

  for (const [what, answer] of [
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nProxy-agent: tinyproxy\r\n\r\n'],
    ['any 2xx', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['lengths, which mean nothing there', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['interim answers before', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`],
    ['no reason', 'HTTP/1.1 200\r\n\r\n'],
  ] as const) {
    test(`takes ${what}, and keeps what comes behind the answer`, async (t) => {
      const proxy = await fakeProxy(t, httpAnswers(`${answer}220 mail.example\r\n`));
      const dialled = await connect([endpoint(proxy.port)]);
      assert.equal(dialled.leftover.toString(), '220 mail.example\r\n');
      assert.equal(await exchange(dialled, 'EHLO', 22), '220 mail.example\r\nEHLO');
    });
  }

  test('takes an answer that comes byte by byte', async (t) => {
    const proxy = await fakeProxy(t, (heard, socket) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      const bytes = [...OK];
      const next = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(next));
      };
      next();
      return { say: '', then: 'echo' };
    });
    assert.equal(await exchange(await connect([endpoint(proxy.port)]), 'hello', 5), 'hello');
  });

  test('puts an IPv6 address into brackets', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    (await connect([endpoint(proxy.port)], { host: '2001:db8::1', port: 8443 })).connection.destroy('done');
    assert.match(proxy.heard[0]!, /^CONNECT \[2001:db8::1\]:8443 HTTP\/1\.1\r\nHost: \[2001:db8::1\]:8443\r\n/);
  });

  for (const [answer, code, blame] of [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nsorry', 'hop_denied', 'policy'],
    [
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
      'hop_auth_failed',
      'auth',
    ],
    ['HTTP/1.1 405 Method Not Allowed\r\n\r\n', 'hop_unsupported', 'configuration'],
    ['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 99999999\r\n\r\n', 'upstream_unreachable', 'ambiguous'],
    ['HTTP/1.1 504 Gateway Timeout\r\n\r\n', 'upstream_connect_timeout', 'ambiguous'],
    ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'hop_invalid', 'member'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'hop_invalid', 'member'],
    ['HTTP/2 200\r\n\r\n', 'hop_invalid', 'member'],
    ['HTTP/1.1 200 OK\n\n', 'hop_invalid', 'member'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'hop_invalid', 'member'],
    ['\x15\x03\x01\0\x02\x02\x46', 'hop_invalid', 'member'],
  ] as const) {
    test(`fails with ${code}, blame: ${blame}, after ${JSON.stringify(answer.slice(0, 30))}`, async (t) => {
      const proxy = await fakeProxy(t, httpAnswers(answer));
      const failed = await failure([endpoint(proxy.port)]);
      assert.deepEqual([failed.code, failed.blame, failed.failedHop], [code, blame, 0]);
      assert.match(failed.message, new RegExp(`^the proxy exits/p${proxy.port} \\(127\\.0\\.0\\.1:${proxy.port}\\) `));
    });
  }

  test('hears how long a busy proxy wants to be left alone', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers('HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\n\r\n'));
    const failed = await failure([endpoint(proxy.port)]);
    assert.deepEqual([failed.code, failed.blame, failed.retryAfterMs], ['hop_busy', 'busy', 7000]);
  });

  for (const then of ['end', 'reset'] as const) {
    test(`fails when the proxy answers with its ${then} only`, async (t) => {
      const proxy = await fakeProxy(t, (heard) => (heard.endsWith('\r\n\r\n') ? { say: '', then } : null));
      const failed = await failure([endpoint(proxy.port)]);
      assert.deepEqual([failed.code, failed.blame], ['hop_invalid', 'member']);
    });
  }

  test('fails when nobody listens, and when its name leads nowhere', async () => {
    const refused = await failure([endpoint(1)]);
    assert.deepEqual([refused.code, refused.blame, refused.failedHop], ['hop_unreachable', 'member', 0]);
    const unknown = await failure([endpoint(1, { host: 'nowhere.example' })]);
    assert.deepEqual([unknown.code, unknown.blame], ['hop_unreachable', 'member']);
  });

  test('says of one that never answers only that it was late: the destination may be why', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure([endpoint(proxy.port)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([failed.code, failed.blame, failed.isUnproven], ['hop_timeout', 'ambiguous', true]);
    const spent = await failure([endpoint(proxy.port)], { budgetMs: 50 });
    assert.deepEqual([spent.code, spent.blame, spent.isUnproven], ['hop_timeout', 'ambiguous', true]);
  });

  test('can be given up at any moment, and then says nothing and leaves nothing', async (t) => {
    const held = wheel.held;
    const proxy = await fakeProxy(t, () => null);
    const handler = { onConnected: () => assert.fail(), onFailed: () => assert.fail() };
    dialChain([endpoint(proxy.port)], DESTINATION, OPTIONS, handler).cancel();
    const dialling = dialChain([endpoint(proxy.port)], DESTINATION, OPTIONS, handler);
    while (!proxy.heard.some((heard) => heard.endsWith('\r\n\r\n'))) await new Promise((next) => setImmediate(next));
    dialling.cancel();
    const socket = proxy.sockets.at(-1)!;
    while (!socket.destroyed) await new Promise((next) => setImmediate(next));
    assert.equal(wheel.held, held);
  });
});

describe('credentials for an HTTP proxy', () => {
  const login = { username: 'user', password: 'p:ss' };
  const basic = `Proxy-Authorization: Basic ${Buffer.from('user:p:ss').toString('base64')}\r\n`;
  const challenge = (scheme: string, more = ''): string =>
    `HTTP/1.1 407 No\r\nProxy-Authenticate: ${scheme}\r\nContent-Length: 4\r\n${more}\r\nbody`;
  const digest = 'Digest realm="r", nonce="n1", qop="auth"';
  const ntlm = `NTLM ${Buffer.from(`4e544c4d53535000020000000000000038000000010282000123456789abcdef${'00'.repeat(16)}`, 'hex').toString('base64')}`;

  test('are sent at once when they are Basic', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    (await connect([endpoint(proxy.port, login)])).connection.destroy('done');
    assert.ok(proxy.heard[0]!.includes(basic));
  });

  test('are given up when they are refused, and never told', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge('Basic realm="r"')));
    const failed = await failure([endpoint(proxy.port, login)]);
    assert.deepEqual([failed.code, failed.blame], ['hop_auth_failed', 'auth']);
    assert.match(failed.message, /did not accept our credentials, and offers basic/);
    assert.doesNotMatch(failed.message, /p:ss|user/);
    assert.equal(proxy.heard.length, 1);
  });

  test('answer Digest on the same connection, and at once on the next one', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge(digest), OK));
    const hop = endpoint(proxy.port, { ...login, auth: 'digest' });
    assert.equal(await exchange(await connect([hop]), 'hello', 5), 'hello');
    assert.equal(proxy.heard.length, 1);
    assert.match(
      proxy.heard[0]!,
      /^CONNECT [^]*\r\n\r\nCONNECT [^]*Digest username="user"[^]*uri="origin\.example:443"[^]*nc=00000001/,
    );
    (await connect([hop])).connection.destroy('done');
    assert.match(proxy.heard[1]!, /^[^]*nc=00000002/);
  });

  test('answer Digest on a new connection when the proxy closes the first, said or unsaid', async (t) => {
    for (const closing of ['Connection: close\r\n', 'Proxy-Connection: close\r\n']) {
      const proxy = await fakeProxy(t, httpAnswers(challenge(digest, closing), OK));
      const dialled = await connect([endpoint(proxy.port, { ...login, auth: 'digest' })]);
      dialled.connection.destroy('done');
      assert.equal(proxy.heard.length, 2);
    }
    const proxy = await fakeProxy(t, (heard, _socket, connection) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (connection > 0) return { say: OK, then: 'echo' };
      return { say: challenge(digest).replace('Content-Length: 4', 'Content-Length: 9'), then: 'end' };
    });
    (await connect([endpoint(proxy.port, { ...login, auth: 'digest' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 2);
  });

  test('do not wait for a body that has no end', async (t) => {
    const proxy = await fakeProxy(t, (heard, socket, connection) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (connection > 0) return { say: OK, then: 'echo' };
      socket.write(`HTTP/1.1 407 No\r\nProxy-Authenticate: ${digest}\r\nContent-Length: 999999\r\n\r\n`);
      return { say: 'x'.repeat(100_000) };
    });
    (await connect([endpoint(proxy.port, { ...login, auth: 'digest' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 2);
  });

  test('go through the steps of NTLM on one connection, also of HTTP/1.0', async (t) => {
    for (const [version, more] of [
      ['HTTP/1.1', ''],
      ['HTTP/1.0', 'Proxy-Connection: Keep-Alive\r\n'],
    ] as const) {
      const proxy = await fakeProxy(t, httpAnswers(challenge(ntlm, more).replace('HTTP/1.1', version), OK));
      const dialled = await connect([endpoint(proxy.port, { ...login, auth: 'ntlm' })]);
      assert.equal(await exchange(dialled, 'hello', 5), 'hello');
      assert.equal(proxy.heard.length, 1);
      assert.equal(proxy.heard[0]!.match(/Proxy-Authorization: NTLM TlRMTVNTUAAB/g)?.length, 1);
      assert.equal(proxy.heard[0]!.match(/Proxy-Authorization: NTLM TlRMTVNTUAAD/g)?.length, 1);
    }
  });

  test('take a proxy that lets the offer of NTLM pass', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    (await connect([endpoint(proxy.port, { ...login, auth: 'ntlm' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 1);
  });

  test('do not go on with NTLM on another connection', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge(ntlm, 'Connection: close\r\n')));
    const failed = await failure([endpoint(proxy.port, { ...login, auth: 'ntlm' })]);
    assert.match(failed.message, /between the steps of NTLM/);
    assert.equal(proxy.heard.length, 1);
  });

  test('turn to what the proxy wants, where the choice is its own', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge('Negotiate, NTLM'), challenge(ntlm), OK));
    (await connect([endpoint(proxy.port, login)])).connection.destroy('done');
    assert.ok(proxy.heard[0]!.includes(basic));
    assert.match(proxy.heard[0]!, /NTLM TlRMTVNTUAAD/);
  });

  test('get one more chance when they were good before', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK, challenge('Basic realm="r"'), OK, challenge('Basic realm="r"')));
    const hop = endpoint(proxy.port, login);
    (await connect([hop])).connection.destroy('done');
    (await connect([hop])).connection.destroy('done');
    assert.equal(proxy.heard.length, 3);
    assert.equal((await failure([hop])).blame, 'auth');
    assert.equal(proxy.heard.length, 5);
    assert.equal((await failure([hop])).blame, 'auth');
    assert.equal(proxy.heard.length, 6);
  });

  test('are rehearsed before the first request in absolute-form, when they are NTLM', async (t) => {
    const proxy = await fakeProxy(
      t,
      httpAnswers('HTTP/1.1 407 No\r\nProxy-Authenticate: ' + ntlm + '\r\nContent-Length: 4\r\n\r\n'),
    );
    const hop = endpoint(proxy.port, { ...login, auth: 'ntlm' });
    const { connection, auth } = await connect([hop], null, { firstRequestTo: { host: 'origin.example', port: 80 } });
    connection.destroy('done');
    assert.match(proxy.heard[0]!, /^HEAD http:\/\/origin\.example:80\/ HTTP\/1\.1\r\nHost: origin\.example:80\r\n/);
    assert.match(auth?.authorize('POST', 'http://origin.example/') ?? '', /^NTLM TlRMTVNTUAAD/);
    auth?.accepted();
    assert.equal(auth?.authorize('POST', 'http://origin.example/'), null);
  });

  test('are handed to whoever sends requests in absolute-form', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const { connection, auth } = await connect([endpoint(proxy.port, login)], null);
    connection.destroy('done');
    assert.match(auth?.authorize('GET', 'http://a/') ?? '', /^Basic /);
    const anonymous = await connect([endpoint(proxy.port)], null);
    anonymous.connection.destroy('done');
    assert.equal(anonymous.auth, null);
  });
});

describe('a chain of one SOCKS proxy', () => {
  const GRANTED = '\x05\0\0\x03\x04name\x01\x02';
  const socks5 =
    (answer: string): Script =>
    (heard) =>
      heard.startsWith('\x05\x01\0\x03') ? { say: answer, then: 'echo' } : { say: '\x05\0' };

  test('of version 5 hands on the name, and keeps what comes behind the answer', async (t) => {
    const proxy = await fakeProxy(t, socks5(`${GRANTED}SSH-2.0`));
    const dialled = await connect([endpoint(proxy.port, { protocol: 'socks5' })]);
    assert.equal(await exchange(dialled, 'hi', 9), 'SSH-2.0hi');
    assert.equal(proxy.heard[0], '\x05\x01\0\x05\x01\0\x03\x0eorigin.example\x01\xbb');
  });

  test('resolves the name here only when it is told to', async (t) => {
    const proxy = await fakeProxy(t, (heard) =>
      heard.length > 3 ? { say: GRANTED, then: 'echo' } : { say: '\x05\0' },
    );
    const hop = endpoint(proxy.port, { protocol: 'socks5', localDns: true });
    (await connect([hop], { host: 'four.example', port: 80 })).connection.destroy('done');
    assert.ok(proxy.heard[0]!.endsWith(`\x05\x01\0\x04${'\0'.repeat(15)}\x01\0\x50`));
    const failed = await failure([hop]);
    assert.deepEqual([failed.code, failed.blame], ['upstream_dns_failed', 'none']);
  });

  test('of version 4 gets an IPv4 address, of 4a the name', async (t) => {
    const proxy = await fakeProxy(t, () => ({ say: '\0\x5a\0\0\0\0\0\0', then: 'echo' }));
    const four = endpoint(proxy.port, { protocol: 'socks4', username: 'me' });
    (await connect([four], { host: 'four.example', port: 80 })).connection.destroy('done');
    (await connect([{ ...four, protocol: 'socks4a' }])).connection.destroy('done');
    assert.deepEqual(proxy.heard, ['\x04\x01\0\x50\x0a\0\0\x04me\0', '\x04\x01\x01\xbb\0\0\0\x01me\0origin.example\0']);
    const failed = await failure([four], {}, { host: '::1', port: 80 });
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'none']);
  });

  test('refuses a name that does not fit, before it has said anything', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure(
      [endpoint(proxy.port, { protocol: 'socks5' })],
      {},
      { host: 'x'.repeat(256), port: 1 },
    );
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'none']);
  });

  for (const [reply, code, blame] of [
    [1, 'upstream_unreachable', 'ambiguous'],
    [2, 'hop_denied', 'policy'],
    [5, 'upstream_unreachable', 'ambiguous'],
    [6, 'upstream_connect_timeout', 'ambiguous'],
    [7, 'hop_unsupported', 'configuration'],
  ] as const) {
    test(`fails with ${code}, blame: ${blame}, after reply ${reply}`, async (t) => {
      const proxy = await fakeProxy(t, socks5(`\x05${String.fromCharCode(reply)}`));
      const failed = await failure([endpoint(proxy.port, { protocol: 'socks5' })]);
      assert.deepEqual([failed.code, failed.blame], [code, blame]);
    });
  }

  test('has itself to blame when it does not answer the greeting, and perhaps not when it does', async (t) => {
    const hop = { protocol: 'socks5' } as const;
    const deaf = await fakeProxy(t, () => null);
    const failed = await failure([endpoint(deaf.port, hop)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([failed.code, failed.blame], ['hop_timeout', 'member']);
    const slow = await fakeProxy(t, (heard) => (heard.length === 3 ? { say: '\x05\0' } : null));
    const late = await failure([endpoint(slow.port, hop)], { handshakeTimeoutMs: 100 });
    assert.deepEqual([late.code, late.blame, late.isUnproven], ['hop_timeout', 'ambiguous', true]);
  });

  test('cannot be what requests in absolute-form are sent to', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure([endpoint(proxy.port, { protocol: 'socks5' })], {}, null);
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'configuration']);
  });
});

describe('a chain of several proxies', () => {
  async function hops(t: TestContext): Promise<Record<'http' | 'https' | 'socks5', FakeProxy>> {
    return {
      http: await fakeProxy(t, relayingHttp()),
      https: await fakeProxy(t, relayingHttp(), certificate),
      socks5: await fakeProxy(t, relayingSocks5()),
    };
  }

  for (const order of [
    ['http', 'socks5'],
    ['socks5', 'http'],
    ['https', 'https'],
    ['http', 'https', 'socks5'],
    ['https', 'socks5', 'https'],
    ['https', 'https', 'https'],
  ] as const) {
    test(`goes through ${order.join(', then ')}`, async (t) => {
      const origin = await fakeProxy(t, (_heard, socket) => {
        socket.write('welcome ');
        return { say: 'hello', then: 'echo' };
      });
      const proxies = await hops(t);
      const endpoints = order.map((protocol) => endpoint(proxies[protocol].port, { protocol }));
      const dialled = await connect(endpoints, { host: 'origin.example', port: origin.port });
      assert.equal(await exchange(dialled, 'hi', 13), 'welcome hello');
    });
  }

  test('ends at its last hop when no destination is given, over TLS in TLS', async (t) => {
    const last = await fakeProxy(t, () => ({ say: 'over', then: 'echo' }), certificate);
    const { https } = await hops(t);
    const chain = [endpoint(https.port, { protocol: 'https' }), endpoint(last.port, { protocol: 'https' })];
    const dialled = await connect(chain, null);
    assert.equal(dialled.connection.secure, true);
    assert.equal(await exchange(dialled, 'GET http://a/ HTTP/1.1\r\n\r\n', 4), 'over');
    assert.deepEqual(last.heard, ['GET http://a/ HTTP/1.1\r\n\r\n']);
  });

  test('tells each hop its own credentials only', async (t) => {
    const { http } = await hops(t);
    const last = await fakeProxy(t, httpAnswers(OK));
    const chain = [
      endpoint(http.port, { username: 'corp', password: 'one' }),
      endpoint(last.port, { username: 'exit', password: 'two' }),
    ];
    (await connect(chain)).connection.destroy('done');
    const credentials = [http, last].map(({ heard }) =>
      [...heard.join('').matchAll(/Basic (\S+)/g)].map(([, text]) => atob(text!)),
    );
    assert.deepEqual(credentials, [['corp:one'], ['exit:two']]);
  });

  test('lays what a hop says about the next to the next, as an accusation', async (t) => {
    const corporate = await fakeProxy(t, httpAnswers('HTTP/1.1 503 No\r\n\r\n'));
    const failed = await failure([endpoint(corporate.port), endpoint(7777)]);
    assert.deepEqual(
      [failed.code, failed.blame, failed.failedHop, failed.reportedBy, failed.isUnproven],
      ['hop_unreachable', 'ambiguous', 1, 0, true],
    );
    assert.match(failed.message, /answered 503, asked for 127\.0\.0\.1:7777/);
    const frozen = await fakeProxy(t, () => null);
    const late = await failure([endpoint(frozen.port), endpoint(7777)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([late.code, late.failedHop, late.reportedBy], ['hop_timeout', 1, 0]);
  });

  test('lays a refusal to the hop that refuses', async (t) => {
    for (const status of [403, 407, 429, 501]) {
      const corporate = await fakeProxy(t, httpAnswers(`HTTP/1.1 ${status} No\r\n\r\n`));
      const failed = await failure([endpoint(corporate.port), endpoint(7777)]);
      assert.deepEqual([failed.failedHop, failed.reportedBy], [0, null]);
    }
  });

  test('lays what goes wrong behind a tunnel to the hop at its end', async (t) => {
    const { http } = await hops(t);
    for (const [script, protocol, code] of [
      [httpAnswers('HTTP/1.1 403 No\r\n\r\n'), 'http', 'hop_denied'],
      [(): { say: string; then: 'end' } => ({ say: '', then: 'end' }), 'http', 'hop_invalid'],
      [(): { say: string } => ({ say: 'no TLS' }), 'https', 'hop_unreachable'],
    ] as const) {
      const last = await fakeProxy(t, script);
      const failed = await failure([endpoint(http.port), endpoint(last.port, { protocol })]);
      assert.deepEqual([failed.code, failed.failedHop, failed.reportedBy], [code, 1, null]);
    }
  });

  test('does not believe a hop that speaks before it is asked', async (t) => {
    const corporate = await fakeProxy(t, httpAnswers(`${OK}${OK}`));
    const failed = await failure([endpoint(corporate.port), endpoint(7777)]);
    assert.deepEqual([failed.code, failed.failedHop], ['hop_invalid', 1]);
    assert.match(failed.message, /spoke before it was asked/);
  });

  test('does not believe a hop with the wrong certificate', async (t) => {
    const other = await fakeProxy(t, relayingHttp(), certificate);
    const { http } = await hops(t);
    for (const chain of [
      [endpoint(other.port, { protocol: 'https', tls: new TlsClient() })],
      [endpoint(http.port), endpoint(other.port, { protocol: 'https', tls: new TlsClient() })],
    ]) {
      const failed = await failure(chain);
      assert.deepEqual([failed.code, failed.blame, failed.failedHop], ['hop_unreachable', 'member', chain.length - 1]);
    }
  });

  test('can be given up within any of its steps', async (t) => {
    const silent = await fakeProxy(t, () => null, certificate);
    const { https } = await hops(t);
    const held = wheel.held;
    const chain = [endpoint(https.port, { protocol: 'https' }), endpoint(silent.port, { protocol: 'https' })];
    const handler = { onConnected: () => assert.fail(), onFailed: () => assert.fail() };
    const dialling = dialChain(chain, DESTINATION, OPTIONS, handler);
    while (!silent.heard.some((heard) => heard.endsWith('\r\n\r\n'))) await new Promise((next) => setImmediate(next));
    dialling.cancel();
    while (!silent.sockets[0]!.destroyed) await new Promise((next) => setImmediate(next));
    assert.equal(wheel.held, held);
  });
});

describe('a chain without hops', () => {
  test('is a direct connection', async (t) => {
    const origin = await fakeProxy(t, () => ({ say: 'hi', then: 'echo' }));
    assert.equal(await exchange(await connect([], { host: '127.0.0.1', port: origin.port }), 'x', 2), 'hi');
  });

  test('blames no hop', async () => {
    const failed = await failure([], {}, { host: '127.0.0.1', port: 1 });
    assert.deepEqual([failed.code, failed.blame, failed.failedHop], ['upstream_unreachable', 'none', -1]);
  });
});
