// The domain filter as clients meet it at both doors: curl by every kind of proxy, OpenSSL with other names, lists that change under
// load. Rule: what is refused never reaches the server behind.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../support/ask.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http1Origin, rawOrigin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const run = promisify(execFile);

function listFile(t: TestContext, ...lines: readonly string[]): string {
  const file = join(temporaryFolder(t), 'blocked.txt');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function egressWith(t: TestContext, filter: object, more: GatewaySettings = {}): Promise<Gateway> {
  return Gateway.open(t, { ...more, egress: { allow_private: true, policies: { filter } } });
}

/** What curl prints of an answer, and its status. */
async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('curl', ['-sS', '-k', '-g', '-m', '20', '-w', '\n%{http_code}', ...args]);
  return stdout;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (cause: unknown) => cause,
  );
  return (error as Error).message;
}

/** The port of a server with TLS, and how many handshakes it has had. */
async function secureOrigin(t: TestContext): Promise<{ readonly port: number; seen(): number }> {
  const { cert, key } = makeCertificate(temporaryFolder(t), 'localhost');
  const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) =>
    response.end('secret'),
  );
  let seen = 0;
  server.on('secureConnection', () => (seen += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen: () => seen };
}

const codeOf = (body: string): string => (JSON.parse(body) as { error: { code: string } }).error.code;

describe('a filter of the gateway', () => {
  test('refuses the hosts of its lists, whichever place they stand at, and lets pass where it is off', async (t) => {
    const backend = await http1Origin(t, (_request, response) => response.end('ok'));
    const files = [listFile(t, '0.0.0.0 a.test b.test # ads', '*.c.test', '||d.test^')];
    const routes = [{ match: { path: '/free' }, to: backend, policies: { filter: false } }];
    const policies = { filter: { domains: ['e.test'], files } };
    const gateway = await Gateway.open(t, { gateway: { routes, default_backend: backend, policies } });
    const statusOf = async (host: string, path = '/'): Promise<number> =>
      (await ask(gateway.url + path, { headers: { host } })).status;
    for (const host of ['a.test', 'B.test:80', 'x.c.test', 'd.test', 'x.d.test', 'e.test.']) {
      const { status, body } = await ask(gateway.url, { headers: { host } });
      assert.deepEqual([status, codeOf(body)], [403, 'domain_denied'], host);
      assert.equal(await statusOf(host, '/free'), 200, host);
    }
    for (const host of ['c.test', 'x.a.test', 'x.e.test', '127.0.0.1']) assert.equal(await statusOf(host), 200, host);
    assert.equal(gateway.metric('sluice_http_request_errors_total', { reason: 'domain_denied' }), 6);
  });

  test('lets in the hosts of an allowlist alone, by HTTP/2 too', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const backend = await http1Origin(t, (_request, response) => response.end('ok'));
    const filter = { mode: 'allowlist', domains: ['a.test', '127.0.0.1'] };
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend, policies: { filter } } });
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      assert.equal(await curl(version, gateway.url), 'ok\n200');
      assert.equal(await curl(version, '-H', 'Host: a.test', gateway.url), 'ok\n200');
      assert.match(await curl(version, '-H', 'Host: b.test', gateway.url), /"domain_denied"[^]*403$/);
    }
  });

  test('is refused with its place when a list is missing', async (t) => {
    const files = { 'sluice.yaml': 'gateway:\n  policies: { filter: { files: [nowhere.txt] } }\n' };
    const { code, stdout } = await runSluice(t, ['config', 'validate'], { files });
    assert.equal(code, 3);
    assert.match(stdout, /sluice\.yaml:2:\d+ .*config_unreadable.*nowhere\.txt: there is no such file/);
  });
});

describe('a filter of the forward proxy', () => {
  test('refuses names by URL, by CONNECT and by SOCKS', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const origin = await http1Origin(t, (_request, response) => response.end('ok'));
    const { port } = new URL(origin);
    const gateway = await egressWith(t, { files: [listFile(t, 'localhost', '*.bad.test')] });
    const by = (scheme: string, ...args: readonly string[]): Promise<string> =>
      curl('-x', `${scheme}://127.0.0.1:${gateway.proxyPort}`, ...args);
    for (const host of ['localhost', 'LOCALHOST.', 'x.bad.test']) {
      const url = `http://${host}:${port}/`;
      assert.match(await by('http', url), /"domain_denied"[^]*403$/, host);
      assert.match(await failureOf(by('http', '-p', url)), /403/, host);
      for (const scheme of ['socks5h', 'socks4a']) {
        assert.match(await failureOf(by(scheme, url)), /\(2\)|\(91\)|not allowed|rejected/i, `${scheme} ${host}`);
      }
    }
    for (const scheme of ['http', 'socks5h', 'socks5', 'socks4', 'socks4a']) {
      assert.equal(await by(scheme, origin), 'ok\n200', scheme);
    }
    assert.equal(await by('http', '-p', origin), 'ok\n200');
  });

  test('cuts tunnels in which TLS asks for another name, or for one that is listed', async (t) => {
    if (requirePeer(t, 'curl') === undefined || requirePeer(t, 'openssl') === undefined) return;
    const { port, seen } = await secureOrigin(t);
    const gateway = await egressWith(t, { domains: ['bad.test', '*.bad.test'] });
    const proxy = `127.0.0.1:${gateway.proxyPort}`;
    const shakes = async (address: string, ...names: readonly string[]): Promise<boolean> => {
      const client = spawn('openssl', ['s_client', '-proxy', proxy, '-connect', `${address}:${port}`, ...names]);
      client.stdin.end();
      let output = '';
      client.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
      await new Promise((resolve) => client.on('close', resolve));
      return output.includes('BEGIN CERTIFICATE');
    };
    assert.equal(await shakes('localhost', '-servername', 'localhost'), true);
    assert.equal(await shakes('localhost', '-noservername'), true);
    assert.equal(await shakes('127.0.0.1', '-servername', 'other.test'), true);
    assert.equal(await shakes('127.0.0.1', '-noservername'), true);
    const before = seen();
    assert.equal(await shakes('localhost', '-servername', 'other.test'), false);
    assert.equal(await shakes('localhost', '-servername', 'bad.test'), false);
    assert.equal(await shakes('127.0.0.1', '-servername', 'x.bad.test'), false);
    const viaSocks = (host: string): Promise<string> =>
      curl('-x', `socks5://${proxy}`, '--resolve', `${host}:${port}:127.0.0.1`, `https://${host}:${port}/`);
    assert.match(await failureOf(viaSocks('bad.test')), /reset|\(35\)/i);
    assert.equal(seen(), before);
    assert.equal(await viaSocks('other.test'), 'secret\n200');
    assert.equal(gateway.metric('sluice_http_request_errors_total', { reason: 'tunnel_name_denied' }), 4);
  });

  test('leaves protocols alone in which the server speaks first, and those that are no TLS', async (t) => {
    const origin = await rawOrigin(t, (socket) => {
      socket.write('220 ready\n');
      socket.on('data', (bytes: Buffer) => socket.end(`heard ${bytes.toString()}`));
    });
    const gateway = await egressWith(t, { domains: ['bad.test'] });
    const { host } = new URL(origin);
    const client = await RawClient.connect(t, gateway.proxyPort);
    client.send(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await client.untilText('220 ready\n');
    client.send('EHLO a\n');
    await client.untilText('heard EHLO a\n');
  });

  test('has nothing to say of its own page', async (t) => {
    const gateway = await egressWith(t, { mode: 'allowlist' });
    assert.equal((await fetch(`http://127.0.0.1:${gateway.proxyPort}/`)).status, 400);
    const refused = await ask(`http://127.0.0.1:${gateway.proxyPort}`, { target: 'http://a.test/' });
    assert.deepEqual([refused.status, codeOf(refused.body)], [403, 'domain_denied']);
  });
});

describe('a list that changes', () => {
  const hosts = (count: number, ...more: readonly string[]): string =>
    [...Array.from({ length: count }, (_, index) => `0.0.0.0 host-${index}.example.com`), ...more, ''].join('\n');

  for (const workers of [1, 2]) {
    test(`comes into force under load without an error, with ${workers} at work`, async (t) => {
      const backend = await http1Origin(t, (_request, response) => response.end('ok'));
      const config = [
        `process: { workers: ${workers} }`,
        'egress: { listen: null }',
        'gateway:',
        '  listen: 127.0.0.1:0',
        `  default_backend: ${backend}`,
        '  policies: { filter: { files: [blocked.txt] } }',
      ].join('\n');
      const files = { 'sluice.yaml': config, 'blocked.txt': hosts(50_000) };
      const sluice = await startSluice(t, { files });
      const url = sluice.address('gateway');
      const statusOf = async (host: string): Promise<number> => (await ask(url, { headers: { host } })).status;
      const statuses = new Set<number>();
      const over = new AbortController();
      const client = async (): Promise<void> => {
        while (!over.signal.aborted) statuses.add(await statusOf('good.test'));
      };
      const clients = Array.from({ length: 8 }, client);
      for (const [count, isBlocked] of [
        [60_000, true],
        [50_000, false],
      ] as const) {
        writeFileSync(join(sluice.folder, 'next.txt'), hosts(count, ...(isBlocked ? ['new.test'] : [])));
        renameSync(join(sluice.folder, 'next.txt'), join(sluice.folder, 'blocked.txt'));
        const { code, stderr } = await runSluice(t, ['reload'], { folder: sluice.folder });
        assert.equal(code, 0, stderr);
        // Every thread has it by now.
        const now = await Promise.all(Array.from({ length: 20 }, () => statusOf('new.test')));
        assert.deepEqual(new Set(now), new Set([isBlocked ? 403 : 200]));
        assert.equal(await statusOf('host-7.example.com'), 403);
      }
      over.abort();
      await Promise.all(clients);
      assert.deepEqual(statuses, new Set([200]));
    });
  }

  test('is read by itself where files are watched, and a bad line is told once', async (t) => {
    const files = {
      'sluice.yaml':
        'egress: { listen: null }\ngateway: { listen: 127.0.0.1:0, policies: { filter: { files: [b.txt] } } }\n',
      'b.txt': 'a.test\nwhat is this\n',
    };
    const sluice = await startSluice(t, { files, args: ['up', '--watch'] });
    const statusOf = async (host: string): Promise<number> =>
      (await ask(sluice.address('gateway'), { headers: { host } })).status;
    assert.deepEqual([await statusOf('a.test'), await statusOf('b.test')], [403, 404]);
    writeFileSync(join(sluice.folder, 'b.txt'), 'b.test\n');
    while ((await statusOf('b.test')) !== 403);
    assert.equal(`${sluice.stdout}${sluice.stderr}`.match(/lines of a list left out/g)?.length, 1);
    assert.equal(await statusOf('a.test'), 404);
  });

  test('is in the memory of all threads, also of one that takes the place of another', async (t) => {
    const filter = { files: [listFile(t, 'a.test')] };
    const stage = await WorkerStage.open(t, 2, { gateway: { policies: { filter } } });
    const statuses = async (): Promise<Set<number>> => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ask(stage.url, { headers: { host: 'a.test', connection: 'close' } })),
      );
      return new Set(answers.map(({ status }) => status));
    };
    assert.deepEqual(await statuses(), new Set([403]));
    await stage.threads[0]?.terminate();
    await stage.until(() => stage.threads.length === 3, 'another thread');
    await stage.apply({ gateway: { policies: { filter } } });
    assert.deepEqual(await statuses(), new Set([403]));
  });
});

test('explain tells which entry of which list decides, with and without a Sluice that runs', async (t) => {
  const files = {
    'sluice.yaml': [
      'gateway: { listen: 127.0.0.1:0, default_backend: "http://127.0.0.1:9" }',
      'egress: { listen: 127.0.0.1:0 }',
      'policies: { filter: { domains: [b.test], files: [blocked.txt] } }',
    ].join('\n'),
    'blocked.txt': '# ours\n*.a.test\n',
  };
  const sluice = await startSluice(t, { files });
  for (const offline of [[], ['--offline']]) {
    const explain = async (url: string): Promise<string> =>
      (await runSluice(t, ['explain', ...offline, url], { folder: sluice.folder })).stdout;
    const refused = await explain('https://x.a.test/');
    const list = join(sluice.folder, 'blocked.txt');
    const why = `refuses with 403 domain_denied: x.a.test is covered by *.a.test of the blocklist (${list}:2)`;
    assert.ok(refused.includes(`1 filter  ${why}`), refused);
    assert.match(refused, /^result {5}403 domain_denied: x\.a\.test may not be reached\.$/m);
    assert.match(await explain('http://b.test/'), /b\.test is covered by b\.test of the blocklist \(domains\[0\]\)/);
    assert.match(await explain('http://c.test/'), /1 filter {2}passes: c\.test is not on the blocklist/);
  }
});
