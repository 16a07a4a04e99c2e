// With `compress` on the same route the cache keeps an answer as it came and a copy in each encoding that was asked for: fetched once, compressed
// once, whoever asks.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Caching } from '../support/caching.ts';
import { fetchWhole, type Got } from '../support/cache-node.ts';

const TEXT = 'All of it is worth compressing, for it says the same again and again. ';
const GZIP = { 'accept-encoding': 'gzip' };

interface Stage {
  readonly caching: Caching;
  get(headers?: Readonly<Record<string, string>>, method?: string): Promise<Got>;
  /** Bytes that have gone into the encoder. */
  encoded(): number;
  release(): void;
}

async function open(t: TestContext, length: number, cache: object = {}, held = false): Promise<Stage> {
  const released = Promise.withResolvers<void>();
  if (!held) released.resolve();
  const body = TEXT.repeat(Math.ceil(length / TEXT.length)).slice(0, length);
  const caching = await Caching.open(
    t,
    ({ headers }, response) => {
      const fields = { 'Cache-Control': 'max-age=100', 'Content-Type': 'text/plain', ETag: '"one"' };
      if (headers['if-none-match'] === '"one"') {
        response.writeHead(304, fields).end();
        return;
      }
      response.writeHead(200, { ...fields, 'Content-Length': length });
      response.write(body.slice(0, length / 2));
      void released.promise.then(() => response.end(body.slice(length / 2)));
    },
    cache,
    { gateway: { policies: { cache, compress: {} } } },
  );
  const { gateway } = caching;
  return {
    caching,
    get: async (headers = {}, method = 'GET') => (await fetchWhole(`${gateway.url}/x`, headers, method))!,
    encoded: () => gateway.metric('sluice_compress_input_bytes_total'),
    release: released.resolve,
  };
}

function told({ status, headers }: Got): string {
  const { 'cache-status': how = '', etag, vary, 'content-encoding': encoding = 'as it is' } = headers;
  return `${status} ${encoding} ${etag} ${vary} ${String(how)
    .replaceAll(/; ttl=\d+/g, '')
    .replace('sluice; ', '')}`;
}

const text = ({ headers, body }: Got): string => {
  const encoding = headers['content-encoding'];
  return (encoding === 'gzip' ? gunzipSync(body) : encoding === 'br' ? brotliDecompressSync(body) : body).toString();
};

const whole = (length: number): string => TEXT.repeat(Math.ceil(length / TEXT.length)).slice(0, length);

describe('what is kept and compressed', () => {
  for (const length of [3000, 400_000]) {
    test(`is fetched once and compressed once, for clients of all encodings: ${length} bytes`, async (t) => {
      const { caching, get, encoded } = await open(t, length);
      const first = await get(GZIP);
      assert.equal(told(first), '200 gzip W/"one" Accept-Encoding fwd=uri-miss; fwd-status=200; stored');
      assert.equal(text(first), whole(length));
      for (const accepted of ['gzip', 'gzip, deflate', 'deflate;q=0.5, gzip']) {
        const got = await get({ 'accept-encoding': accepted });
        assert.equal(told(got), '200 gzip W/"one" Accept-Encoding hit');
        assert.deepEqual([text(got), Number(got.headers['content-length'])], [whole(length), got.body.length]);
      }
      assert.equal(encoded(), length);
      const plain = await get();
      assert.equal(told(plain), '200 as it is "one" Accept-Encoding hit');
      assert.equal(text(plain), whole(length));
      const other = await get({ 'accept-encoding': 'br' });
      assert.equal(told(other), '200 br W/"one" Accept-Encoding hit');
      assert.equal(text(other), whole(length));
      assert.equal(encoded(), 2 * length);
      assert.deepEqual(caching.asked, ['GET /x']);
    });
  }

  test('is made once when a hundred want it at the same time, whether it is kept already or just coming', async (t) => {
    const { caching, get, encoded, release } = await open(t, 300_000, {}, true);
    const all = Array.from({ length: 100 }, () => get(GZIP));
    await caching.gateway.until(() => caching.gateway.metric('sluice_http_requests_in_flight') === 100, 'that all ask');
    release();
    for (const got of await Promise.all(all)) assert.equal(text(got), whole(300_000));
    assert.equal(encoded(), 300_000);
    const more = await Promise.all(Array.from({ length: 100 }, () => get({ 'accept-encoding': 'br' })));
    for (const got of more) assert.equal(text(got), whole(300_000));
    assert.equal(encoded(), 600_000);
    assert.deepEqual(caching.asked, ['GET /x']);
  });

  test('answers HEAD, parts and conditions by what it is for that client', async (t) => {
    const { get, caching } = await open(t, 3000);
    const { body } = await get(GZIP);
    await get();
    const head = await get(GZIP, 'HEAD');
    assert.equal(told(head), '200 gzip W/"one" Accept-Encoding hit');
    assert.equal(Number(head.headers['content-length']), body.length);
    for (const tag of ['"one"', 'W/"one"'])
      assert.equal(told(await get({ ...GZIP, 'if-none-match': tag })), '304 as it is W/"one" Accept-Encoding hit');
    assert.equal(told(await get({ 'if-none-match': '"one"' })), '304 as it is "one" Accept-Encoding hit');
    const part = await get({ ...GZIP, range: 'bytes=10-19' });
    assert.equal(told(part), '206 as it is "one" Accept-Encoding hit');
    assert.equal(text(part), whole(3000).slice(10, 20));
    assert.equal(told(await get({ 'accept-encoding': 'br' }, 'HEAD')), '200 br W/"one" Accept-Encoding hit');
    assert.deepEqual(caching.asked, ['GET /x']);
  });

  test('goes with its answer, and stays when that is found to be good', async (t) => {
    const { caching, get, encoded } = await open(t, 3000);
    await get(GZIP);
    assert.equal(told(await get(GZIP)), '200 gzip W/"one" Accept-Encoding hit');
    const { entries } = caching.gateway.caches.stats()[0]!;
    assert.equal(entries, 2);
    assert.match(told(await get({ ...GZIP, 'cache-control': 'no-cache' })), /^200 gzip .*fwd-status=304; stored$/);
    assert.equal(told(await get(GZIP)), '200 gzip W/"one" Accept-Encoding hit');
    assert.equal(encoded(), 3000);
    assert.equal(caching.gateway.caches.purge({ kind: 'host', pattern: '*.test' }), 1);
    assert.equal(caching.gateway.caches.stats()[0]!.entries, 0);
    assert.match(told(await get(GZIP)), /fwd=uri-miss/);
    await get(GZIP);
    const request = http.request(`${caching.gateway.url}/x`, {
      method: 'POST',
      headers: { host: 'site.test' },
      agent: false,
    });
    await new Promise((resolve) => request.on('response', (answer) => answer.resume().on('end', resolve)).end());
    assert.equal(caching.gateway.caches.stats()[0]!.entries, 0);
  });
});
