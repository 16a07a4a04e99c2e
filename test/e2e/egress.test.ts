// The forward proxy as its clients see it: curl and bare sockets on one side, real servers on the other.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, rawOrigin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const USERS = [
  { name: 'alice', token: 'a-token-of-alice-1', may: ['egress'] },
  { name: 'bob', token: 'a-token-of-bob-0001', may: ['ai'] },
];

function proxy(t: TestContext, egress: object = {}, more: GatewaySettings = {}): Promise<Gateway> {
  return Gateway.open(t, { ...more, egress });
}

/** What curl prints of an answer, after its status. */
async function curl(gateway: Gateway, proxyUrl: string, ...args: readonly string[]): Promise<string> {
  const url = proxyUrl.replace('PROXY', `127.0.0.1:${gateway.proxyPort}`);
  const { stdout } = await run('curl', ['-sS', '-m', '20', '-x', url, '-w', '\n%{http_code}', ...args]);
  return stdout;
}

async function failing(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (cause: unknown) => cause,
  );
  return (error as Error).message;
}

describe('the forward proxy', () => {
  for (const scheme of ['http', 'socks5', 'socks5h', 'socks4', 'socks4a']) {
    test(`fetches by ${scheme}`, async (t) => {
      if (requirePeer(t, 'curl') === undefined) return;
      const origin = await http1Origin(t, (request, response) => response.end(`path ${request.url}`));
      const gateway = await proxy(t);
      assert.equal(await curl(gateway, `${scheme}://PROXY`, `${origin}/x?y`), 'path /x?y\n200');
    });
  }

  test('opens tunnels by CONNECT', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const origin = await http1Origin(t, (request, response) => response.end(`path ${request.url}`));
    const gateway = await proxy(t);
    assert.equal(await curl(gateway, 'http://PROXY', '--proxytunnel', `${origin}/x`), 'path /x\n200');
    const [line] = await gateway.accessLines(1);
    assert.deepEqual([line?.['door'], line?.['http.request.method']], ['egress', 'CONNECT']);
  });

  test('tells servers nothing of its clients, and nothing that was meant for itself', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const gateway = await proxy(t);
    const answer = await curl(
      gateway,
      'http://user:secret@PROXY',
      '-H',
      'X-Proxy-Sticky-Session: one',
      '-H',
      'X-Own: 1',
      await reflectingOrigin(t),
    );
    const seen = JSON.parse(answer.slice(0, answer.lastIndexOf('\n'))) as Seen;
    assert.deepEqual(valuesOf(seen, 'x-own'), ['1']);
    assert.deepEqual(
      seen.fields.map(([name]) => name).toSorted(),
      ['accept', 'connection', 'host', 'user-agent', 'x-own'].filter((name) => valuesOf(seen, name).length > 0),
    );
  });

  test('keeps what both sides say early, and the end of one side apart from the other', async (t) => {
    const heard = Promise.withResolvers<string>();
    const origin = await rawOrigin(t, (socket) => {
      socket.allowHalfOpen = true;
      socket.write('220 ready\n');
      let text = '';
      socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
      socket.on('end', () => {
        heard.resolve(text);
        socket.end('bye\n');
      });
    });
    const { host } = new URL(origin);
    const gateway = await proxy(t);
    const client = net.connect({ port: gateway.proxyPort, host: '127.0.0.1', allowHalfOpen: true });
    t.after(() => client.destroy());
    client.end(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\nEHLO\n`);
    let answer = '';
    client.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    await once(client, 'end');
    assert.equal(await heard.promise, 'EHLO\n');
    assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\n\r\n220 ready\nbye\n$/);
  });

  test('answers whoever asks it for itself with a page that helps', async (t) => {
    const gateway = await proxy(t);
    const answer = await fetch(`http://127.0.0.1:${gateway.proxyPort}/`);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), new RegExp(`curl -x http://127\\.0\\.0\\.1:${gateway.proxyPort}`));
  });

  test('wants to know who its users are where only users are served', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const origin = await http1Origin(t, (_request, response) => response.end('ok'));
    const gateway = await proxy(t, { auth: 'users' }, { users: USERS });
    const status = async (url: string): Promise<string> => (await curl(gateway, url, origin)).slice(-3);
    assert.equal(await status('http://PROXY'), '407');
    assert.equal(await status('http://alice:wrong@PROXY'), '407');
    assert.equal(await status('http://bob:a-token-of-alice-1@PROXY'), '407');
    assert.equal(await status('http://bob:a-token-of-bob-0001@PROXY'), '403');
    assert.equal(await status('http://alice:a-token-of-alice-1@PROXY'), '200');
    assert.equal(await status('socks5://alice:a-token-of-alice-1@PROXY'), '200');
    assert.match(await failing(status('socks5://PROXY')), /No authentication method was acceptable|SOCKS/);
    assert.match(await failing(status('socks5://alice:wrong@PROXY')), /SOCKS5|refused/i);
    const challenge = await curl(gateway, 'http://PROXY', '-D', '-', '-o', '/dev/null', origin);
    assert.match(challenge, /^Proxy-Authenticate: Basic realm="Sluice"/im);
  });

  test('says of a destination that cannot be reached what is wrong, and by SOCKS too', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const gateway = await proxy(t);
    const closed = await closedPort();
    assert.match(await curl(gateway, 'http://PROXY', `http://127.0.0.1:${closed}/`), /"upstream_unreachable"[^]*502$/);
    assert.match(await failing(curl(gateway, 'http://PROXY', '-p', `http://127.0.0.1:${closed}/`)), /502/);
    assert.match(await failing(curl(gateway, 'socks5h://PROXY', `http://127.0.0.1:${closed}/`)), /\(5\)|refused/i);
    assert.match(await failing(curl(gateway, 'socks5h://PROXY', 'http://nothing.invalid/')), /\(4\)|unreachable/i);
  });

  test('refuses its own doors, however they are spelled', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const first = await proxy(t);
    const own = first.proxyPort;
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '2130706433', '127.1']) {
      assert.match(
        await curl(first, 'http://PROXY', '-g', `http://${host}:${own}/`),
        /"destination_denied"[^]*403$/,
        host,
      );
    }
  });

  test('reaches private addresses only where that is allowed, also by names that lead to them', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const origin = await http1Origin(t, (_request, response) => response.end('ok'));
    const gateway = await proxy(t, { allow_private: false });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      const url = origin.replace('127.0.0.1', host);
      assert.match(await curl(gateway, 'http://PROXY', '-g', url), /"destination_denied"[^]*403$/, url);
    }
  });

  test('denies what a rule denies', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const gateway = await proxy(t, { rules: [{ match: { host: '*.bad.test' }, action: 'deny' }] });
    assert.match(await curl(gateway, 'http://PROXY', 'http://x.bad.test/'), /"destination_denied"[^]*403$/);
  });

  test('does not fetch https URLs for anybody', async (t) => {
    const gateway = await proxy(t);
    const client = net.connect(gateway.proxyPort, '127.0.0.1');
    t.after(() => client.destroy());
    client.write('GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    const [bytes] = (await once(client, 'data')) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 400 /);
  });
});

describe('clients of the forward proxy', () => {
  /** A server that speaks one word of WebSocket: it sends back what comes. */
  const echoing = (t: TestContext): Promise<string> =>
    rawOrigin(t, (socket) => {
      let head = '';
      socket.on('data', (bytes: Buffer) => {
        if (head.includes('\r\n\r\n')) socket.write(bytes);
        else {
          head += bytes.toString('latin1');
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          const answer = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', '', ''];
          socket.write(answer.join('\r\n') + head.slice(end + 4));
        }
      });
    });

  test('may speak WebSocket to a server without TLS, straight and through hops of any kind', async (t) => {
    const origin = await echoing(t);
    const exit = await proxy(t);
    for (const via of [null, 'http', 'socks5']) {
      const hops = via === null ? {} : { exit: { proxy: `${via}://127.0.0.1:${exit.proxyPort}` } };
      const gateway = await proxy(t, { chain: via === null ? [] : ['exit'] }, { hops });
      const client = await RawClient.connect(t, gateway.proxyPort);
      const { host } = new URL(origin);
      const fields = [`Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      client.send([`GET ${origin}/chat HTTP/1.1`, ...fields, '', ''].join('\r\n'));
      await client.untilText('\r\n\r\n');
      assert.match(client.text, /^HTTP\/1\.1 101 /, String(via));
      client.send('\x81\x85word');
      await client.untilText('\x81\x85word');
      client.leave();
      const [line] = await gateway.accessLines(1);
      assert.equal(line?.['http.response.status_code'], 101);
    }
  });

  test('may speak TLS to it, and through it to a server', async (t) => {
    if (requirePeer(t, 'curl') === undefined || requirePeer(t, 'openssl') === undefined) return;
    const files = makeCertificate(temporaryFolder(t));
    const origin = await http1Origin(t, (request, response) => response.end(`path ${request.url}`));
    const gateway = await proxy(t, { tls: files });
    const trusted = ['--proxy-cacert', files.cert];
    assert.equal(await curl(gateway, 'https://PROXY', ...trusted, `${origin}/x`), 'path /x\n200');
    assert.equal(await curl(gateway, 'https://PROXY', ...trusted, '-p', `${origin}/y`), 'path /y\n200');
    assert.equal(await curl(gateway, 'https://PROXY', '--proxy-insecure', `${origin}/z`), 'path /z\n200');
    assert.equal(await curl(gateway, 'http://PROXY', `${origin}/plain`), 'path /plain\n200');
    assert.equal(await curl(gateway, 'socks5h://PROXY', `${origin}/socks`), 'path /socks\n200');
    assert.match(await failing(curl(gateway, 'https://PROXY', origin)), /certificate/i);
  });

  test('may speak TLS inside of TLS', async (t) => {
    if (requirePeer(t, 'curl') === undefined || requirePeer(t, 'openssl') === undefined) return;
    const files = makeCertificate(temporaryFolder(t));
    const server = https.createServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) }, (_, response) =>
      response.end('secret'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const gateway = await proxy(t, { tls: files });
    const url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
    const trusted = ['--proxy-cacert', files.cert, '--cacert', files.cert];
    assert.equal(await curl(gateway, 'https://PROXY', ...trusted, url), 'secret\n200');
  });

  test('may speak HTTP/1.0, and get an answer that ends with the connection', async (t) => {
    const origin = await http1Origin(t, (_request, response) => {
      response.write('in ');
      response.end('pieces');
    });
    const gateway = await proxy(t);
    const plain = await RawClient.ask(t, gateway.proxyPort, `GET ${origin}/ HTTP/1.0\r\n\r\n`);
    assert.match(plain.text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(plain.text, /transfer-encoding/i);
    assert.match(plain.text, /\r\n\r\nin pieces$/);
    const { host } = new URL(origin);
    const tunnel = await RawClient.connect(t, gateway.proxyPort);
    tunnel.send(`CONNECT ${host} HTTP/1.0\r\n\r\n`);
    await tunnel.untilText('\r\n\r\n');
    assert.match(tunnel.text, /^HTTP\/1\.1 200 /);
    tunnel.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await tunnel.untilText('pieces');
  });

  test('may send and fetch large bodies, by URL and by tunnel', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const origin = await http1Origin(t, (request, response) => void request.pipe(response));
    const gateway = await proxy(t, {}, { limits: { body: '1KiB' } });
    const file = join(temporaryFolder(t), 'body');
    writeFileSync(file, Buffer.alloc(3_000_000, 'body'));
    for (const args of [[], ['-p']]) {
      const out = `${file}-back`;
      await curl(gateway, 'http://PROXY', ...args, '-T', file, '-o', out, `${origin}/`);
      assert.ok(readFileSync(out).equals(readFileSync(file)), args.join());
    }
  });
});

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a hop', () => {
  for (const kind of ['http', 'socks5', 'socks4a'] as const) {
    test(`of ${kind} carries tunnels and plain requests`, async (t) => {
      if (requirePeer(t, 'curl') === undefined) return;
      const origin = await http1Origin(t, (request, response) => response.end(`path ${request.url}`));
      const exit = await proxy(t);
      const gateway = await proxy(
        t,
        { chain: ['exit'] },
        { hops: { exit: { proxy: `${kind}://127.0.0.1:${exit.proxyPort}` } } },
      );
      assert.equal(await curl(gateway, 'http://PROXY', `${origin}/x`), 'path /x\n200');
      assert.equal(await curl(gateway, 'http://PROXY', '-p', `${origin}/y`), 'path /y\n200');
      assert.equal(await curl(gateway, 'socks5h://PROXY', `${origin}/z`), 'path /z\n200');
      const seen = await exit.accessLines(2);
      const methods = kind === 'http' ? ['GET', 'CONNECT'] : ['CONNECT', 'CONNECT'];
      assert.deepEqual(
        seen.slice(0, 2).map((line) => line['http.request.method']),
        methods,
      );
    });
  }
});
