// HTTP/2 in front, through the whole data path: what a request and its answer look like on both sides.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { answerOf, ask, http2Session } from '../support/http2-session.ts';
import { http1Origin, readAll, rawOrigin, reflectingOrigin, type Seen, seenBy, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a request by HTTP/2 to a backend that speaks HTTP/1.1', () => {
  test('arrives as a request of HTTP/1.1 that says where it comes from', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const session = await http2Session(t, gateway.url);
    const answer = await ask(session, { ':path': '/a/b?c=d', ':authority': 'front.test', 'x-own': '1' });
    assert.equal(answer.status, 200);
    const seen = JSON.parse(answer.body) as Seen;
    assert.deepEqual([seen.method, seen.target], ['GET', '/a/b?c=d']);
    assert.deepEqual(valuesOf(seen, 'host'), ['front.test']);
    assert.deepEqual(valuesOf(seen, 'x-own'), ['1']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-proto'), ['http']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-host'), ['front.test']);
    assert.match(valuesOf(seen, 'via').join(), /^2\.0 sluice-[0-9a-f]{6}$/);
    assert.deepEqual(valuesOf(seen, 'transfer-encoding'), []);
  });

  test('brings its cookies in one field, however they were split', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const answer = await ask(await http2Session(t, gateway.url), { cookie: ['a=1', 'b=2', 'c=3'] });
    assert.deepEqual(valuesOf(JSON.parse(answer.body) as Seen, 'cookie'), ['a=1; b=2; c=3']);
  });

  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'PURGE']) {
    test(`of ${method} has its body framed`, async (t) => {
      let seen: Seen | null = null;
      const backend = await http1Origin(t, (request, response) => {
        seenBy(request).then((all) => {
          seen = all;
          response.end('ok');
        });
      });
      const session = await http2Session(t, (await gatewayTo(t, backend)).url);
      const request = session.request({ ':method': method }, { endStream: false });
      request.write('GET /smuggled HTTP/1.1\r\n');
      request.end('Host: a\r\n\r\n');
      const answer = await answerOf(request);
      assert.deepEqual([answer.status, answer.body], [200, method === 'HEAD' ? '' : 'ok']);
      assert.equal(seen!.method, method);
      assert.equal(seen!.body, 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.deepEqual(valuesOf(seen!, 'transfer-encoding'), ['chunked']);
    });
  }

  test('keeps the length of its body when it says one', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const fields = { ':method': 'POST', 'content-length': 5 };
    const seen = JSON.parse((await ask(await http2Session(t, gateway.url), fields, 'hello')).body) as Seen;
    assert.deepEqual(valuesOf(seen, 'content-length'), ['5']);
    assert.deepEqual(valuesOf(seen, 'transfer-encoding'), []);
    assert.equal(seen.body, 'hello');
  });

  test('without a body is told from one with an empty body', async (t) => {
    const session = await http2Session(t, (await gatewayTo(t, await reflectingOrigin(t))).url);
    const none = JSON.parse((await ask(session, { ':method': 'POST' })).body) as Seen;
    assert.deepEqual([valuesOf(none, 'content-length'), valuesOf(none, 'transfer-encoding')], [['0'], []]);
    const empty = JSON.parse((await ask(session, { ':method': 'POST' }, '')).body) as Seen;
    assert.equal(empty.body, '');
    const zero = JSON.parse((await ask(session, { ':method': 'POST', 'content-length': 0 }, '')).body) as Seen;
    assert.deepEqual([valuesOf(zero, 'content-length'), valuesOf(zero, 'transfer-encoding')], [['0'], []]);
  });

  test('keeps octets above ASCII as they are, and so does its answer', async (t) => {
    let asked = '';
    const backend = await rawOrigin(t, (socket) => {
      socket.once('data', (bytes: Buffer) => {
        asked = bytes.toString('latin1');
        socket.write(Buffer.from('HTTP/1.1 200 OK\r\nX-Own: \xe9\xff\xc3\xa9\r\nContent-Length: 0\r\n\r\n', 'latin1'));
      });
    });
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const { fields } = await ask(session, { 'x-own': 'caf\xe9 \xff\xc3\xa9' });
    assert.match(asked, /\r\nx-own: caf\xe9 \xff\xc3\xa9\r\n/);
    assert.equal(fields['x-own'], '\xe9\xff\xc3\xa9');
  });

  test('brings its trailers', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const session = await http2Session(t, gateway.url);
    const request = session.request({ ':method': 'POST', te: 'trailers' }, { endStream: false, waitForTrailers: true });
    request.on('wantTrailers', () => request.sendTrailers({ 'x-checksum': 'abc', authorization: 'Basic eA==' }));
    request.end('body');
    const seen = JSON.parse((await answerOf(request)).body) as Seen;
    assert.deepEqual(seen.trailers, { 'x-checksum': 'abc' }, 'what routes or authenticates is no trailer');
    assert.deepEqual(valuesOf(seen, 'te'), ['trailers']);
  });

  test('is not upgraded to anything', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const session = await http2Session(t, gateway.url);
    const answer = await ask(session, { ':method': 'CONNECT', ':authority': 'a.test:80' });
    assert.equal(answer.status, 405);
  });
});

describe('an answer to a client that speaks HTTP/2', () => {
  test('has its fields in lower case, and none of the connection that it came by', async (t) => {
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(
        201,
        [
          ['X-Own', '1'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Connection', 'X-Hop'],
          ['X-Hop', '1'],
          ['Keep-Alive', 'timeout=5'],
        ].flat(),
      );
      response.end('made');
    });
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const { status, fields, body } = await ask(session, {});
    assert.deepEqual([status, body], [201, 'made']);
    assert.equal(fields['x-own'], '1');
    assert.deepEqual(fields['set-cookie'], ['a=1', 'b=2']);
    for (const name of ['connection', 'x-hop', 'keep-alive', 'transfer-encoding'])
      assert.equal(fields[name], undefined);
    assert.match(fields.date ?? '', /GMT$/);
  });

  test('to HEAD has the length and no body', async (t) => {
    const backend = await http1Origin(t, (_request, response) => response.setHeader('Content-Length', 12).end());
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const answer = await ask(session, { ':method': 'HEAD' });
    assert.deepEqual([answer.status, answer.fields['content-length'], answer.body], [200, '12', '']);
  });

  for (const status of [204, 304]) {
    test(`of status ${status} ends with its head`, async (t) => {
      const backend = await http1Origin(t, (_request, response) => response.writeHead(status, { ETag: '"a"' }).end());
      const session = await http2Session(t, (await gatewayTo(t, backend)).url);
      const stream = session.request({});
      const [fields, flags] = (await once(stream, 'response')) as [http.IncomingHttpHeaders, number];
      assert.equal(fields.etag, '"a"');
      assert.equal(flags & 1, 1, 'END_STREAM stands on the head');
      assert.equal((await answerOf(stream)).resetCode, 0);
    });
  }

  test('comes after its early hints', async (t) => {
    const backend = await http1Origin(t, (_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('page');
    });
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const { interim, status, body } = await ask(session, {});
    assert.deepEqual(
      interim.map((each) => [each[':status'], each['link']]),
      [[103, '</style.css>; rel=preload']],
    );
    assert.deepEqual([status, body], [200, 'page']);
  });

  test('brings the trailers of the backend', async (t) => {
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('body');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
    });
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const { body, trailers } = await ask(session, {});
    assert.equal(body, 'body');
    assert.equal(trailers?.['x-sum'], '42');
  });

  test('waits for the body only after 100 Continue of the backend', async (t) => {
    const session = await http2Session(t, (await gatewayTo(t, await reflectingOrigin(t))).url);
    const request = session.request({ ':method': 'POST', expect: '100-continue' }, { endStream: false });
    const answer = answerOf(request);
    await once(request, 'continue');
    request.end('now');
    assert.equal((JSON.parse((await answer).body) as Seen).body, 'now');
  });

  test('is logged with the protocol of the client', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    await ask(await http2Session(t, gateway.url), { ':path': '/x', ':authority': 'front.test' });
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['network.protocol.version'], '2');
    assert.deepEqual([line?.['url.path'], line?.['server.address']], ['/x', 'front.test']);
    assert.equal(line?.['http.response.status_code'], 200);
  });
});

describe('HTTP/2 by prior knowledge', () => {
  test('works for curl', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const format = ['-s', '-w', '\n%{http_version} %{http_code}'];
    const { stdout } = await promisify(execFile)(curl, [...format, '--http2-prior-knowledge', '-d', 'x', gateway.url]);
    assert.match(stdout, /"body":"x"[\s\S]*\n2 200$/);
  });

  test('is not offered as an upgrade: such a request is answered as HTTP/1.1', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const format = ['-s', '-w', '\n%{http_version} %{http_code}'];
    const { stdout } = await promisify(execFile)(curl, [...format, '--http2', gateway.url]);
    assert.match(stdout, /\n1.1 200$/);
    assert.doesNotMatch(stdout, /h2c|http2-settings/i, 'the backend hears nothing of it');
  });

  for (const [name, parts] of [
    ['octet by octet', 1],
    ['in the middle', 12],
    ['after PRI', 3],
  ] as const) {
    test(`is found when the preface comes cut ${name}`, async (t) => {
      const gateway = await gatewayTo(t, await reflectingOrigin(t));
      const socket = net.connect(gateway.port, '127.0.0.1');
      socket.setNoDelay(true);
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
      for (let at = 0; at < preface.length; at += parts) {
        socket.write(preface.subarray(at, at + parts));
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal(answer[3], 4, 'a SETTINGS frame comes first');
    });
  }

  test('does not stand in the way of HTTP/1.1 that begins with the same letters', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const socket = net.connect(gateway.port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    for (const part of ['P', 'RI', 'NT / HTTP/1.1\r\nHo', 'st: a\r\nConnection: close\r\n\r\n']) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const text = await readAll(socket);
    assert.match(text, /^HTTP\/1\.1 (?:200|400) /);
  });

  test('can be switched off', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { gateway: { http2: false } });
    const socket = net.connect(gateway.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    assert.match(await readAll(socket), /^HTTP\/1\.1 (?:400|505) /);
  });
});

describe('HTTP/2 by ALPN', () => {
  async function secureGateway(t: TestContext, settings: object = {}): Promise<Gateway> {
    const certificate = makeCertificate(temporaryFolder(t));
    return gatewayTo(t, await reflectingOrigin(t), { gateway: { tls: certificate, ...settings } });
  }

  test('is chosen by clients that can, and HTTP/1.1 by the others', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined || requirePeer(t, 'openssl') === undefined) return;
    const gateway = await secureGateway(t);
    const format = ['-sk', '-o', '/dev/null', '-w', '%{http_version} %{http_code}'];
    const run = promisify(execFile);
    assert.equal((await run(curl, [...format, '--http2', gateway.url])).stdout, '2 200');
    assert.equal((await run(curl, [...format, '--http1.1', gateway.url])).stdout, '1.1 200');
  });

  test('is told to the backend as https', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const gateway = await secureGateway(t);
    const session = await http2Session(t, gateway.url, { rejectUnauthorized: false });
    const seen = JSON.parse((await ask(session, {})).body) as Seen;
    assert.deepEqual(valuesOf(seen, 'x-forwarded-proto'), ['https']);
  });

  test('is still offered after a reload', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const certificate = makeCertificate(temporaryFolder(t));
    const settings = { gateway: { tls: certificate, default_backend: await reflectingOrigin(t) } };
    const gateway = await Gateway.open(t, settings);
    await gateway.apply(settings);
    const session = await http2Session(t, gateway.url, { rejectUnauthorized: false });
    assert.equal(session.alpnProtocol, 'h2');
    assert.equal((await ask(session, {})).status, 200);
  });

  test('is not offered when it is switched off', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const gateway = await secureGateway(t, { http2: false });
    const { stdout } = await promisify(execFile)('curl', [
      '-sk',
      '-o',
      '/dev/null',
      '-w',
      '%{http_version}',
      gateway.url,
    ]);
    assert.equal(stdout, '1.1');
  });
});
