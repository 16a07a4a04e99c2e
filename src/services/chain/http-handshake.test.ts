import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { connect, endpointAt, exchange, failure, giveUp, OK, until } from '../../../test/support/chain-rig.ts';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { wheel } from '../../transport/timers.ts';

before(() => proveRawIo());

describe('a chain of one HTTP proxy', () => {
  test('asks for the destination by name and gives a tunnel, paused, with the time that each phase took', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    const dialled = await connect([endpointAt(proxy.port)]);
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
      const dialled = await connect([endpointAt(proxy.port)]);
      assert.equal(dialled.leftover.toString(), '220 mail.example\r\n');
      assert.equal(await exchange(dialled, 'EHLO', 22), '220 mail.example\r\nEHLO');
    });
  }

  test('takes an answer that comes byte by byte', async (t) => {
    const proxy = await fakeProxy(t, (heard, socket) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      const bytes = OK.split('');
      const write = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(write));
      };
      write();
      return { say: '', next: 'echo' };
    });
    assert.equal(await exchange(await connect([endpointAt(proxy.port)]), 'hello', 5), 'hello');
  });

  test('puts an IPv6 address into brackets', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    (await connect([endpointAt(proxy.port)], { host: '2001:db8::1', port: 8443 })).connection.destroy('done');
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
      const failed = await failure([endpointAt(proxy.port)]);
      assert.deepEqual([failed.code, failed.blame, failed.failedHop], [code, blame, 0]);
      assert.match(failed.message, new RegExp(`^the proxy exits/p${proxy.port} \\(127\\.0\\.0\\.1:${proxy.port}\\) `));
    });
  }

  test('hears how long a busy proxy wants to be left alone', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers('HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\n\r\n'));
    const failed = await failure([endpointAt(proxy.port)]);
    assert.deepEqual([failed.code, failed.blame, failed.retryAfterMs], ['hop_busy', 'busy', 7000]);
  });

  for (const next of ['end', 'reset'] as const) {
    test(`fails when the proxy answers with its ${next} only`, async (t) => {
      const proxy = await fakeProxy(t, (heard) => (heard.endsWith('\r\n\r\n') ? { say: '', next } : null));
      const failed = await failure([endpointAt(proxy.port)]);
      assert.deepEqual([failed.code, failed.blame], ['hop_invalid', 'member']);
    });
  }

  test('fails when nobody listens, and when its name leads nowhere', async () => {
    const refused = await failure([endpointAt(1)]);
    assert.deepEqual([refused.code, refused.blame, refused.failedHop], ['hop_unreachable', 'member', 0]);
    const unknown = await failure([endpointAt(1, { host: 'nowhere.example' })]);
    assert.deepEqual([unknown.code, unknown.blame], ['hop_unreachable', 'member']);
  });

  test('says of one that never answers only that it was late: the destination may be why', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure([endpointAt(proxy.port)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([failed.code, failed.blame, failed.isUnproven], ['hop_timeout', 'ambiguous', true]);
    const spent = await failure([endpointAt(proxy.port)], { budgetMs: 50 });
    assert.deepEqual([spent.code, spent.blame, spent.isUnproven], ['hop_timeout', 'ambiguous', true]);
  });

  test('can be given up at any moment, and then says nothing and leaves nothing', async (t) => {
    const held = wheel.held;
    const proxy = await fakeProxy(t, () => null);
    await giveUp([endpointAt(proxy.port)], () => true);
    await giveUp([endpointAt(proxy.port)], () => proxy.heard.some((heard) => heard.endsWith('\r\n\r\n')));
    await until(() => proxy.sockets.at(-1)?.destroyed === true);
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
    (await connect([endpointAt(proxy.port, login)])).connection.destroy('done');
    assert.ok(proxy.heard[0]!.includes(basic));
  });

  test('are given up when they are refused, and never told', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge('Basic realm="r"')));
    const failed = await failure([endpointAt(proxy.port, login)]);
    assert.deepEqual([failed.code, failed.blame], ['hop_auth_failed', 'auth']);
    assert.match(failed.message, /did not accept our credentials, and offers basic/);
    assert.doesNotMatch(failed.message, /p:ss|user/);
    assert.equal(proxy.heard.length, 1);
  });

  test('answer Digest on the same connection, and at once on the next one', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge(digest), OK));
    const hop = endpointAt(proxy.port, { ...login, auth: 'digest' });
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
      const dialled = await connect([endpointAt(proxy.port, { ...login, auth: 'digest' })]);
      dialled.connection.destroy('done');
      assert.equal(proxy.heard.length, 2);
    }
    const proxy = await fakeProxy(t, (heard, _socket, connection) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (connection > 0) return { say: OK, next: 'echo' };
      return { say: challenge(digest).replace('Content-Length: 4', 'Content-Length: 9'), next: 'end' };
    });
    (await connect([endpointAt(proxy.port, { ...login, auth: 'digest' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 2);
  });

  test('do not wait for a body that has no end', async (t) => {
    const proxy = await fakeProxy(t, (heard, socket, connection) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (connection > 0) return { say: OK, next: 'echo' };
      socket.write(`HTTP/1.1 407 No\r\nProxy-Authenticate: ${digest}\r\nContent-Length: 999999\r\n\r\n`);
      return { say: 'x'.repeat(100_000) };
    });
    (await connect([endpointAt(proxy.port, { ...login, auth: 'digest' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 2);
  });

  test('go through the steps of NTLM on one connection, also of HTTP/1.0', async (t) => {
    for (const [version, more] of [
      ['HTTP/1.1', ''],
      ['HTTP/1.0', 'Proxy-Connection: Keep-Alive\r\n'],
    ] as const) {
      const proxy = await fakeProxy(t, httpAnswers(challenge(ntlm, more).replace('HTTP/1.1', version), OK));
      const dialled = await connect([endpointAt(proxy.port, { ...login, auth: 'ntlm' })]);
      assert.equal(await exchange(dialled, 'hello', 5), 'hello');
      assert.equal(proxy.heard.length, 1);
      assert.equal(proxy.heard[0]!.match(/Proxy-Authorization: NTLM TlRMTVNTUAAB/g)?.length, 1);
      assert.equal(proxy.heard[0]!.match(/Proxy-Authorization: NTLM TlRMTVNTUAAD/g)?.length, 1);
    }
  });

  test('take a proxy that lets the offer of NTLM pass', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK));
    (await connect([endpointAt(proxy.port, { ...login, auth: 'ntlm' })])).connection.destroy('done');
    assert.equal(proxy.heard.length, 1);
  });

  test('do not go on with NTLM on another connection', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge(ntlm, 'Connection: close\r\n')));
    const failed = await failure([endpointAt(proxy.port, { ...login, auth: 'ntlm' })]);
    assert.match(failed.message, /between the steps of NTLM/);
    assert.equal(proxy.heard.length, 1);
  });

  test('turn to what the proxy wants, where the choice is its own', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(challenge('Negotiate, NTLM'), challenge(ntlm), OK));
    (await connect([endpointAt(proxy.port, login)])).connection.destroy('done');
    assert.ok(proxy.heard[0]!.includes(basic));
    assert.match(proxy.heard[0]!, /NTLM TlRMTVNTUAAD/);
  });

  test('get one more chance when they were good before', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers(OK, challenge('Basic realm="r"'), OK, challenge('Basic realm="r"')));
    const hop = endpointAt(proxy.port, login);
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
    const hop = endpointAt(proxy.port, { ...login, auth: 'ntlm' });
    const { connection, auth } = await connect([hop], null, { firstRequestTo: { host: 'origin.example', port: 80 } });
    connection.destroy('done');
    assert.match(proxy.heard[0]!, /^HEAD http:\/\/origin\.example:80\/ HTTP\/1\.1\r\nHost: origin\.example:80\r\n/);
    assert.match(auth?.authorize('POST', 'http://origin.example/') ?? '', /^NTLM TlRMTVNTUAAD/);
    auth?.accepted();
    assert.equal(auth?.authorize('POST', 'http://origin.example/'), null);
  });

  test('are rehearsed when they are Digest, until there is a nonce, and reach nobody but the proxy', async (t) => {
    const nonce = 'Digest realm="r", nonce="n", qop="auth"';
    const refusal = `HTTP/1.1 407 No\r\nProxy-Authenticate: ${nonce}\r\nContent-Length: 4\r\n\r\n`;
    const proxy = await fakeProxy(t, httpAnswers(refusal));
    const hop = endpointAt(proxy.port, { ...login, auth: 'digest' });
    for (let turn = 0; turn < 2; turn += 1) {
      const { connection, auth } = await connect([hop], null, { firstRequestTo: { host: 'origin.example', port: 80 } });
      connection.destroy('done');
      assert.match(auth?.authorize('POST', 'http://origin.example/') ?? '', /^Digest .*nonce="n"/);
    }
    assert.deepEqual(
      proxy.heard.map((heard) => heard.replace(/\r\n[^]*/, '')),
      ['HEAD http://origin.example:80/ HTTP/1.1', ''],
    );
  });

  test('are not rehearsed any more with a proxy that does without and closes', async (t) => {
    const proxy = await fakeProxy(t, httpAnswers('HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n'));
    const hop = endpointAt(proxy.port, { ...login, auth: 'ntlm' });
    const { connection } = await connect([hop], null, { firstRequestTo: { host: 'origin.example', port: 80 } });
    connection.destroy('done');
    assert.deepEqual(
      proxy.heard.map((heard) => heard.slice(0, 4)),
      ['HEAD', ''],
    );
  });

  test('are handed to whoever sends requests in absolute-form', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const { connection, auth } = await connect([endpointAt(proxy.port, login)], null);
    connection.destroy('done');
    assert.match(auth?.authorize('GET', 'http://a/') ?? '', /^Basic /);
    const anonymous = await connect([endpointAt(proxy.port)], null);
    anonymous.connection.destroy('done');
    assert.equal(anonymous.auth, null);
  });
});
