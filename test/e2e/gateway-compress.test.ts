// Compression as a configuration describes it, met by real clients in front of real servers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  gzipSync,
  zstdDecompressSync,
} from 'node:zlib';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http2Session } from '../support/http2-session.ts';
import { startFileServer } from '../support/nginx.ts';
import { http1Origin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ENCODINGS = ['zstd', 'br', 'gzip'] as const;
const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;
const DECODER = { gzip: createGunzip, br: createBrotliDecompress, zstd: createZstdDecompress } as const;

/** A page of about a megabyte, and one of a few kilobytes. */
const LARGE = Buffer.from(
  Array.from({ length: 40_000 }, (_, line) => `line ${(line * 7919) % 65_521} of many\n`).join(''),
);
const SMALL = LARGE.subarray(0, 5000);

const policies = { compress: {} };

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
}

async function get(
  url: string,
  headers: http.OutgoingHttpHeaders = {},
  options: http.RequestOptions = {},
): Promise<Answer> {
  const request = http.request(url, { headers, agent: false, ...options }).on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const { statusCode: status = 0, trailers } = response;
  return { status, headers: response.headers, trailers, body: Buffer.concat(parts) };
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** A server with both pages, with and without a length, and a trailer behind the one without. */
function pages(t: TestContext): Promise<string> {
  return http1Origin(t, ({ url = '' }, response) => {
    const body = url.includes('small') ? SMALL : LARGE;
    const type = { 'Content-Type': 'text/html; charset=utf-8', 'X-Accepted': 'yes' };
    if (url.includes('known'))
      response.writeHead(200, { ...type, 'Content-Length': body.length, ETag: '"page"' }).end(body);
    else {
      response.writeHead(200, { ...type, Trailer: 'X-Sum' }).write(body);
      response.addTrailers({ 'X-Sum': '7' });
      response.end();
    }
  });
}

describe('compressed answers', () => {
  test('are what the server has sent, in every encoding and of every length', async (t) => {
    const gateway = await gatewayTo(t, await pages(t), { policies });
    for (const encoding of ENCODINGS) {
      for (const path of ['/small-known', '/small', '/large-known', '/large']) {
        const { headers, body, trailers } = await get(gateway.url + path, {
          'accept-encoding': encoding,
          te: 'trailers',
        });
        const page = path.includes('small') ? SMALL : LARGE;
        assert.equal(headers['content-encoding'], encoding, path);
        assert.ok(DECODE[encoding](body).equals(page), path);
        assert.ok(body.length < page.length / 2, `${encoding} ${path}: ${body.length}`);
        assert.equal(headers['content-length'], undefined);
        assert.equal(headers.vary, 'Accept-Encoding');
        if (path.includes('known')) assert.equal(headers.etag, 'W/"page"');
        else assert.equal(trailers['x-sum'], '7', path);
      }
    }
    assert.ok(gateway.metric('sluice_compress_input_bytes_total', { encoding: 'br' }) > LARGE.length);
    assert.ok(gateway.metric('sluice_compress_output_bytes_total', { encoding: 'br' }) < LARGE.length / 2);
    assert.ok(gateway.metric('sluice_http_response_bytes_total') < 3 * LARGE.length);
  });

  test('are read by curl, by every version of HTTP', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined || requirePeer(t, 'openssl') === undefined) return;
    const { cert, key } = makeCertificate(temporaryFolder(t), 'localhost');
    const backend = await pages(t);
    const plain = await gatewayTo(t, backend, { policies });
    const secure = await gatewayTo(t, backend, { policies, gateway: { tls: { cert, key } } });
    for (const [url, version] of [
      [plain.url, '--http1.0'],
      [plain.url, '--http1.1'],
      [plain.url, '--http2-prior-knowledge'],
      [secure.url, '--http2'],
    ] as const) {
      for (const path of ['/small', '/large-known']) {
        const args = [
          '-sSk',
          '--compressed',
          version,
          '--max-time',
          '20',
          '-w',
          '%{stderr}%{size_download}',
          url + path,
        ];
        const { stdout, stderr }: Said = await promisify(execFile)(curl, args, { maxBuffer: 1 << 26 });
        const page = path.includes('small') ? SMALL : LARGE;
        assert.ok(stdout === page.toString(), `${version} ${path}`);
        assert.ok(Number(stderr) < page.length / 2, `${version} ${path}: ${stderr} bytes`);
      }
    }
  });

  test('go to who can read them, and HEAD is told what GET would be', async (t) => {
    const gateway = await gatewayTo(t, await pages(t), { policies });
    const url = `${gateway.url}/large-known`;
    for (const [accepts, encoding] of [
      ['gzip, deflate, br, zstd', 'zstd'],
      ['gzip;q=1.0, br;q=0.5', 'gzip'],
      ['*', 'zstd'],
      ['identity', undefined],
      ['gzip;q=0', undefined],
      [undefined, undefined],
    ] as const) {
      const fields = accepts === undefined ? {} : { 'accept-encoding': accepts };
      const [got, head] = [await get(url, fields), await get(url, fields, { method: 'HEAD' })];
      assert.equal(got.headers['content-encoding'], encoding, accepts ?? 'nothing');
      const told = ({ headers }: Answer): unknown[] =>
        ['content-encoding', 'etag', 'vary', 'content-length'].map((name) => headers[name]);
      assert.deepEqual(told(head), told(got), accepts ?? 'nothing');
      assert.equal(got.headers.vary, 'Accept-Encoding');
      if (encoding === undefined) assert.ok(got.body.equals(LARGE));
    }
  });

  test('that break off are not taken for whole ones', async (t) => {
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 2 * LARGE.length });
      response.write(LARGE, () => response.destroy());
    });
    const gateway = await gatewayTo(t, backend, { policies });
    for (const encoding of ENCODINGS) await assert.rejects(get(gateway.url, { 'accept-encoding': encoding }));
  });
});

describe('compression is decided', () => {
  const page = (body: string): object => ({
    respond: { status: 200, headers: { 'Content-Type': 'text/plain' }, body },
  });
  const to = page('x'.repeat(2000));

  test('by the nearest place, also for answers of Sluice', async (t) => {
    const routes = [
      { match: { path: '/off' }, to, policies: { compress: false } },
      { match: { path: '/own' }, to, policies: { compress: { encodings: ['gzip'] } } },
      { match: { path: '/short' }, to: page('x'.repeat(1000)) },
      { match: { path: '/types' }, to, policies: { compress: { types: ['application/json'] } } },
      { match: { path: '/size' }, to, policies: { compress: { min_size: '2KiB' } } },
      { to },
    ];
    const encodings = async (gateway: Gateway): Promise<(string | undefined)[]> => {
      const paths = ['/off', '/own', '/short', '/types', '/size', '/'];
      const answers = await Promise.all(
        paths.map((path) => get(gateway.url + path, { 'accept-encoding': 'gzip, br' })),
      );
      return answers.map(({ headers }) => headers['content-encoding']);
    };
    const gateway = await Gateway.open(t, { gateway: { routes, policies } });
    assert.deepEqual(await encodings(gateway), [undefined, 'gzip', undefined, undefined, undefined, 'br']);
    await gateway.apply({ gateway: { routes } });
    assert.deepEqual(await encodings(gateway), [undefined, 'gzip', undefined, undefined, undefined, undefined]);
  });

  test('by a configuration that makes sense, or none is taken', async (t) => {
    for (const compress of [{ levels: { gzip: 12 } }, { types: ['text'] }, { encodings: ['deflate'] }, { level: 3 }]) {
      await assert.rejects(async () => Gateway.open(t, { policies: { compress } }), JSON.stringify(compress));
    }
  });

  test('at the forward proxy too', async (t) => {
    const origin = await pages(t);
    const gateway = await Gateway.open(t, { egress: { allow_private: true, policies } });
    const target = `${origin}/large`;
    const { headers, body } = await get(
      `http://127.0.0.1:${gateway.proxyPort}`,
      { 'accept-encoding': 'br' },
      { path: target },
    );
    assert.equal(headers['content-encoding'], 'br');
    assert.ok(brotliDecompressSync(body).equals(LARGE));
  });
});

describe('in front of nginx', () => {
  /** A gateway before a folder with a page, a picture and one page that is compressed already. */
  async function served(t: TestContext): Promise<Gateway | undefined> {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'page.html'), LARGE);
    writeFileSync(join(folder, 'picture.png'), LARGE);
    writeFileSync(join(folder, 'ready.txt'), LARGE);
    writeFileSync(join(folder, 'ready.txt.gz'), gzipSync(LARGE, { level: 9 }));
    const server = await startFileServer(t, folder);
    return server === undefined ? undefined : gatewayTo(t, server.url, { policies });
  }

  test('what a client has is found again by its tag', async (t) => {
    const gateway = await served(t);
    if (gateway === undefined) return;
    const url = `${gateway.url}/page.html`;
    const strong = (await get(url)).headers.etag ?? assert.fail('nginx gives no tag');
    const { headers, body } = await get(url, { 'accept-encoding': 'br' });
    assert.ok(brotliDecompressSync(body).equals(LARGE));
    assert.equal(headers.etag, `W/${strong}`);
    assert.equal(headers['accept-ranges'], undefined);
    const again = await get(url, { 'accept-encoding': 'br', 'if-none-match': `W/${strong}` });
    assert.deepEqual([again.status, again.headers.etag, again.headers.vary], [304, `W/${strong}`, 'Accept-Encoding']);
    const plain = await get(url, { 'if-none-match': strong });
    assert.deepEqual([plain.status, plain.headers.etag, plain.headers.vary], [304, strong, 'Accept-Encoding']);
    const matching = await get(url, { 'accept-encoding': 'br', 'if-match': `W/${strong}` });
    assert.deepEqual([matching.status, matching.headers.etag], [200, `W/${strong}`]);
    assert.equal((await get(url, { 'if-match': 'W/"other"' })).status, 412);
  });

  test('parts, pictures and what is compressed already stay as they are', async (t) => {
    const gateway = await served(t);
    if (gateway === undefined) return;
    const accepts = { 'accept-encoding': 'zstd, gzip' };
    const part = await get(`${gateway.url}/page.html`, { ...accepts, range: 'bytes=100-199' });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(LARGE.subarray(100, 200)));
    assert.equal(part.headers['content-encoding'], undefined);
    const picture = await get(`${gateway.url}/picture.png`, accepts);
    assert.deepEqual([picture.headers['content-encoding'], picture.headers.vary], [undefined, undefined]);
    assert.equal(picture.headers['content-length'], String(LARGE.length));
    const ready = await get(`${gateway.url}/ready.txt`, accepts);
    assert.equal(ready.headers['content-encoding'], 'gzip');
    assert.ok(gunzipSync(ready.body).equals(LARGE));
    assert.notEqual(ready.headers['content-length'], undefined);
  });
});

describe('events', () => {
  /** The server sends one when it is told to, and never ends. */
  async function eventSource(
    t: TestContext,
    type: http.OutgoingHttpHeaders,
  ): Promise<{ readonly url: string; send: (event: string) => void }> {
    let answer: http.ServerResponse | undefined;
    const url = await http1Origin(t, (_request, response) => {
      answer = response;
      response.writeHead(200, type);
      response.flushHeaders();
    });
    return { url, send: (event) => answer?.write(event) };
  }

  /** Each event is read before the next one is sent. */
  async function exchangeEvents(answer: Readable, decoder: Duplex, send: (event: string) => void): Promise<void> {
    const body = answer.pipe(decoder);
    for (const event of ['data: one\n\n', `data: ${'2'.repeat(3000)}\n\n`, ': still here\n\n', 'data: 4\n\n']) {
      send(event);
      let seen = '';
      while (seen !== event) {
        const [part] = (await once(body, 'data')) as [Buffer];
        seen += part.toString();
      }
    }
    answer.unpipe(body);
    body.destroy();
  }

  for (const encoding of ENCODINGS) {
    test(`come one by one, by HTTP/1.1 and by HTTP/2 (${encoding})`, async (t) => {
      const { url, send } = await eventSource(t, { 'Content-Type': 'text/event-stream' });
      const gateway = await gatewayTo(t, url, { policies });
      const request = http.get(gateway.url, { headers: { 'accept-encoding': encoding }, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      assert.equal(response.headers['content-encoding'], encoding);
      await exchangeEvents(response, DECODER[encoding](), send);
      request.destroy();
      const session = await http2Session(t, gateway.url);
      const stream = session.request({ ':path': '/', 'accept-encoding': encoding });
      await once(stream, 'response');
      await exchangeEvents(stream, DECODER[encoding](), send);
      stream.close();
      await once(stream, 'close');
      session.destroy();
    });
  }

  test('come one by one from a server that calls them something else', async (t) => {
    for (const type of [
      { 'Content-Type': 'text/plain', 'X-Accel-Buffering': 'no' },
      { 'Content-Type': 'application/x-ndjson' },
    ]) {
      const { url, send } = await eventSource(t, type);
      const gateway = await gatewayTo(t, url, { policies });
      const request = http.get(gateway.url, { headers: { 'accept-encoding': 'gzip' }, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      await exchangeEvents(response, createGunzip(), send);
      request.destroy();
    }
  });
});

describe('clients that go away', () => {
  test('take with them what was held for them', async (t) => {
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.on('error', () => {});
      const more = (): void => {
        while (!response.destroyed && response.write(LARGE));
      };
      response.on('drain', more);
      more();
    });
    const gateway = await gatewayTo(t, backend, { policies });
    const goAway = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const headers = { 'accept-encoding': ENCODINGS[index % 3] };
          const request = http.get(gateway.url, { headers, agent: false });
          const [response] = (await once(request, 'response')) as [http.IncomingMessage];
          // Some while it runs, some once it is stuck because they do not read.
          if (index % 2 === 0) await once(response, 'data');
          request.destroy();
        }),
      );
      await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that no request is left');
    };
    for (let round = 0; round < 3; round++) await goAway();
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 17; round++) await goAway();
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 60e6, String(grown));
  });

  test('may take their time, and nobody runs ahead of them', async (t) => {
    const noise = randomBytes(1 << 20);
    const pieces = 32;
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const pour = (): Promise<void> => pipeline(Readable.from(Array.from({ length: pieces }, () => noise)), response);
      pour().catch(() => {});
    });
    const gateway = await gatewayTo(t, backend, { policies });
    const taken = (): number => gateway.metric('sluice_compress_input_bytes_total');
    for (const encoding of ENCODINGS) {
      const before = taken();
      const request = http.get(gateway.url, { headers: { 'accept-encoding': encoding }, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      let [seen, quietTurns] = [0, 0];
      while (quietTurns < 100) {
        await nextTurn();
        quietTurns = taken() === seen ? quietTurns + 1 : 0;
        seen = taken();
      }
      // What the buffers of the system hold, and no more.
      assert.ok(seen - before < (pieces / 2) * noise.length, String(seen - before));
      let length = 0;
      for await (const part of response.pipe(DECODER[encoding]())) length += (part as Buffer).length;
      assert.equal(length, pieces * noise.length);
    }
  });
});
