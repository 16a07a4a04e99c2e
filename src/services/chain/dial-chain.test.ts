import assert from 'node:assert/strict';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import type { IssuedCertificate } from '../../../test/support/certificate-authority.ts';
import {
  connect,
  endpointAt,
  exchange,
  failure,
  giveUp,
  OK,
  proxyTls,
  until,
} from '../../../test/support/chain-rig.ts';
import { type FakeProxy, fakeProxy, httpAnswers, type Script } from '../../../test/support/fake-proxy.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { wheel } from '../../transport/timers.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

before(() => proveRawIo());

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

interface Hops {
  readonly proxies: Readonly<Record<'http' | 'https' | 'socks5', FakeProxy>>;
  readonly certificate: IssuedCertificate;
  /** The endpoint of an https proxy of the test's own. */
  secure(port: number): ProxyEndpoint;
  endpoint(protocol: 'http' | 'https' | 'socks5'): ProxyEndpoint;
}

describe('a chain of several proxies', () => {
  async function hops(t: TestContext): Promise<Hops> {
    const { certificate, client } = proxyTls(t);
    const proxies = {
      http: await fakeProxy(t, relayingHttp()),
      https: await fakeProxy(t, relayingHttp(), certificate),
      socks5: await fakeProxy(t, relayingSocks5()),
    };
    const secure = (port: number): ProxyEndpoint => endpointAt(port, { protocol: 'https', tls: client() });
    return {
      proxies,
      certificate,
      secure,
      endpoint: (protocol) => {
        const { port } = proxies[protocol];
        return protocol === 'https' ? secure(port) : endpointAt(port, { protocol });
      },
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
        return { say: 'hello', next: 'echo' };
      });
      const proxies = await hops(t);
      const endpoints = order.map((protocol) => proxies.endpoint(protocol));
      const dialled = await connect(endpoints, { host: 'origin.example', port: origin.port });
      assert.equal(await exchange(dialled, 'hi', 13), 'welcome hello');
    });
  }

  test('ends at its last hop when no destination is given, over TLS in TLS', async (t) => {
    const { certificate, endpoint, secure } = await hops(t);
    const last = await fakeProxy(t, () => ({ say: 'over', next: 'echo' }), certificate);
    const chain = [endpoint('https'), secure(last.port)];
    const dialled = await connect(chain, null);
    assert.equal(dialled.connection.secure, true);
    assert.equal(await exchange(dialled, 'GET http://a/ HTTP/1.1\r\n\r\n', 4), 'over');
    assert.deepEqual(last.heard, ['GET http://a/ HTTP/1.1\r\n\r\n']);
  });

  test('tells each hop its own credentials only', async (t) => {
    const { proxies } = await hops(t);
    const { http } = proxies;
    const last = await fakeProxy(t, httpAnswers(OK));
    const chain = [
      endpointAt(http.port, { username: 'corp', password: 'one' }),
      endpointAt(last.port, { username: 'exit', password: 'two' }),
    ];
    (await connect(chain)).connection.destroy('done');
    const credentials = [http, last].map(({ heard }) =>
      [...heard.join('').matchAll(/Basic (\S+)/g)].map(([, text]) => atob(text!)),
    );
    assert.deepEqual(credentials, [['corp:one'], ['exit:two']]);
  });

  test('lays what a hop says about the next to the next, as an accusation', async (t) => {
    const corporate = await fakeProxy(t, httpAnswers('HTTP/1.1 503 No\r\n\r\n'));
    const failed = await failure([endpointAt(corporate.port), endpointAt(7777)]);
    assert.deepEqual(
      [failed.code, failed.blame, failed.failedHop, failed.reportedBy, failed.isUnproven],
      ['hop_unreachable', 'ambiguous', 1, 0, true],
    );
    assert.match(failed.message, /answered 503, asked for 127\.0\.0\.1:7777/);
    const frozen = await fakeProxy(t, () => null);
    const late = await failure([endpointAt(frozen.port), endpointAt(7777)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([late.code, late.failedHop, late.reportedBy], ['hop_timeout', 1, 0]);
  });

  test('lays a refusal to the hop that refuses', async (t) => {
    for (const status of [403, 407, 429, 501]) {
      const corporate = await fakeProxy(t, httpAnswers(`HTTP/1.1 ${status} No\r\n\r\n`));
      const failed = await failure([endpointAt(corporate.port), endpointAt(7777)]);
      assert.deepEqual([failed.failedHop, failed.reportedBy], [0, null]);
    }
  });

  test('lays what goes wrong behind a tunnel to the hop at its end', async (t) => {
    const { endpoint, secure } = await hops(t);
    for (const [script, protocol, code] of [
      [httpAnswers('HTTP/1.1 403 No\r\n\r\n'), 'http', 'hop_denied'],
      [(): { say: string; next: 'end' } => ({ say: '', next: 'end' }), 'http', 'hop_invalid'],
      [(): { say: string } => ({ say: 'no TLS' }), 'https', 'hop_unreachable'],
    ] as const) {
      const last = await fakeProxy(t, script);
      const end = protocol === 'https' ? secure(last.port) : endpointAt(last.port);
      const failed = await failure([endpoint('http'), end]);
      assert.deepEqual([failed.code, failed.failedHop, failed.reportedBy], [code, 1, null]);
    }
  });

  test('gives a hop the time that is its own', async (t) => {
    const silent = await fakeProxy(t, () => null);
    const { endpoint } = await hops(t);
    const chain = [endpoint('http'), endpointAt(silent.port, { handshakeTimeoutMs: 50 })];
    const failed = await failure(chain);
    assert.deepEqual([failed.code, failed.failedHop], ['hop_timeout', 1]);
    assert.match(failed.message, /within 0\.05 s/);
  });

  test('bounds all that one hop takes, and none of what the next one takes', async (t) => {
    const silent = await fakeProxy(t, () => null);
    const { endpoint, secure } = await hops(t);
    const patient = { ...endpoint('http'), budgetMs: 40 };
    for (const [chain, failedHop] of [
      [[endpointAt(silent.port, { budgetMs: 40 })], 0],
      [[{ ...secure(silent.port), budgetMs: 40 }], 0],
      [[patient, { ...secure(silent.port), budgetMs: 80 }], 1],
      [[patient, endpointAt(silent.port, { budgetMs: 80 })], 1],
    ] as const) {
      const failed = await failure(chain);
      assert.deepEqual([failed.code, failed.failedHop], ['hop_timeout', failedHop]);
      assert.match(failed.message, failedHop === 0 ? /within the 0\.04 s/ : /within the 0\.08 s/);
    }
  });

  test('does not believe a hop that speaks before it is asked', async (t) => {
    const corporate = await fakeProxy(t, httpAnswers(`${OK}${OK}`));
    const failed = await failure([endpointAt(corporate.port), endpointAt(7777)]);
    assert.deepEqual([failed.code, failed.failedHop], ['hop_invalid', 1]);
    assert.match(failed.message, /spoke before it was asked/);
  });

  test('does not believe a hop with the wrong certificate', async (t) => {
    const { endpoint } = await hops(t);
    const distrusted = { ...endpoint('https'), tls: new TlsClient() };
    for (const chain of [[distrusted], [endpoint('http'), distrusted]]) {
      const failed = await failure(chain);
      assert.deepEqual([failed.code, failed.blame, failed.failedHop], ['hop_unreachable', 'member', chain.length - 1]);
    }
  });

  test('can be given up within any of its steps', async (t) => {
    const { certificate, endpoint, secure } = await hops(t);
    const silent = await fakeProxy(t, () => null, certificate);
    const held = wheel.held;
    const chain = [endpoint('https'), secure(silent.port)];
    await giveUp(chain, () => silent.heard.some((heard) => heard.endsWith('\r\n\r\n')));
    await until(() => silent.sockets[0]?.destroyed === true);
    assert.equal(wheel.held, held);
  });
});

describe('a chain without hops', () => {
  test('is a direct connection', async (t) => {
    const origin = await fakeProxy(t, () => ({ say: 'hi', next: 'echo' }));
    assert.equal(await exchange(await connect([], { host: '127.0.0.1', port: origin.port }), 'x', 2), 'hi');
  });

  test('blames no hop', async () => {
    const failed = await failure([], {}, { host: '127.0.0.1', port: 1 });
    assert.deepEqual([failed.code, failed.blame, failed.failedHop], ['upstream_unreachable', 'none', -1]);
  });
});
