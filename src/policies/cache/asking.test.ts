import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answering, Caching, FRESH } from '../../../test/support/caching.ts';

const fresh: Answering = (_request, response, count) =>
  response.writeHead(200, { 'Cache-Control': FRESH, ETag: '"1"', 'Content-Length': 2 }).end(`a${count}`);

describe('a request to a cache', () => {
  test('is answered from what is kept, HEAD as well as GET', async (t) => {
    const caching = await Caching.open(t, fresh);
    assert.equal(await caching.told('/x'), '200 a1 | fwd=uri-miss; fwd-status=200; stored');
    assert.equal(await caching.told('/x'), '200 a1 | hit');
    const { headers, body } = await caching.ask('/x', { method: 'HEAD' });
    assert.deepEqual([headers['content-length'], body, headers.age], ['2', '', '0']);
    assert.equal(caching.asked.length, 1);
    assert.equal(caching.gateway.metric('sluice_cache_requests_total', { result: 'hit' }), 2);
  });

  test('is another where host, query or port differ', async (t) => {
    const caching = await Caching.open(t, fresh);
    const bodies = [
      await caching.told('/x'),
      await caching.told('/x?a'),
      await caching.told('/x', { Host: 'other.test' }),
    ].map((text) => text.slice(0, 6));
    assert.deepEqual(bodies, ['200 a1', '200 a2', '200 a3']);
  });

  test('gets no older answer than it wants', async (t) => {
    const caching = await Caching.open(t, fresh);
    await caching.told('/x');
    assert.equal(
      await caching.told('/x', { 'Cache-Control': 'no-cache' }),
      '200 a2 | fwd=request; fwd-status=200; stored',
    );
    assert.equal(await caching.told('/x'), '200 a2 | hit');
    const { status, headers, body } = await caching.ask('/y', { headers: { 'Cache-Control': 'only-if-cached' } });
    assert.deepEqual([status, headers['cache-status']], [504, 'sluice; fwd=uri-miss']);
    assert.match(body, /"not_in_cache"/);
    assert.equal(caching.asked.length, 2);
  });

  test('passes the cache by where that is wanted', async (t) => {
    const caching = await Caching.open(t, fresh, { bypass: { headers: ['X-Preview'], cookies: ['session'] } });
    await caching.told('/x');
    assert.equal(await caching.told('/x', { 'X-Preview': '1' }), '200 a2 | fwd=bypass');
    assert.equal(await caching.told('/x', { Cookie: 'a=1; session=2' }), '200 a3 | fwd=bypass');
    assert.equal(await caching.told('/x', { Cookie: 'a=1' }), '200 a1 | hit');
  });

  test('goes on to the server where only that can tell', async (t) => {
    const caching = await Caching.open(t, fresh);
    await caching.told('/x');
    assert.equal(await caching.told('/x', { 'If-Match': '"1"' }), '200 a2 | fwd=request; fwd-status=200; stored');
  });

  test('is told apart by what Vary names, in one form', async (t) => {
    const caching = await Caching.open(t, (request, response) => {
      response.writeHead(200, { 'Cache-Control': FRESH, Vary: 'Accept-Language' });
      response.end(request.headers['accept-language'] ?? 'none');
    });
    assert.equal(
      await caching.told('/x', { 'Accept-Language': 'de' }),
      '200 de | fwd=uri-miss; fwd-status=200; stored',
    );
    assert.equal(
      await caching.told('/x', { 'Accept-Language': 'en' }),
      '200 en | fwd=vary-miss; fwd-status=200; stored',
    );
    assert.equal(await caching.told('/x', { 'Accept-Language': 'DE' }), '200 de | hit');
    assert.equal(await caching.told('/x'), '200 none | fwd=vary-miss; fwd-status=200; stored');
  });

  test('with cookies that are not in the key gets nothing that has a guessed lifetime, and leaves nothing of that', async (t) => {
    const caching = await Caching.open(t, (_request, response, count) => response.end(`a${count}`), {
      key: { cookies: ['lang'] },
    });
    const alone = '| fwd=uri-miss; fwd-status=200; detail=cookie';
    assert.equal(await caching.told('/x', { Cookie: 'lang=de; user=1' }), `200 a1 ${alone}`);
    assert.equal(await caching.told('/x', { Cookie: 'lang=de' }), '200 a2 | fwd=uri-miss; fwd-status=200; stored');
    assert.equal(await caching.told('/x', { Cookie: 'lang=de' }), '200 a2 | hit');
  });
});

describe('requests for the same at once', () => {
  test('are one for the server, and all get its answer as it comes', async (t) => {
    const release = Promise.withResolvers<void>();
    const caching = await Caching.open(t, (_request, response) => {
      response.writeHead(200, { 'Cache-Control': FRESH });
      response.write('begin ');
      void release.promise.then(() => response.end('end'));
    });
    const answers = Array.from({ length: 100 }, () => caching.told('/x'));
    await caching.gateway.until(
      () => caching.gateway.metric('sluice_cache_requests_total', { result: 'coalesced' }) === 99,
      'the wait',
    );
    release.resolve();
    const all = await Promise.all(answers);
    assert.equal(all.filter((text) => text === '200 begin end | hit; collapsed').length, 99);
    assert.equal(caching.asked.length, 1);
  });

  test('wait for nothing that cannot be shared', async (t) => {
    const held: (() => void)[] = [];
    const caching = await Caching.open(t, (_request, response) => {
      response.setHeader('Cache-Control', 'no-store');
      held.push(() => response.end('mine'));
    });
    const answers = Array.from({ length: 5 }, () => caching.told('/x'));
    await caching.gateway.until(() => caching.gateway.metric('sluice_http_requests_in_flight') === 5, 'five requests');
    await caching.gateway.until(() => held.length === 1, 'the first');
    held[0]?.();
    await caching.gateway.until(() => held.length === 5, 'all others at once');
    for (const answer of held) answer();
    for (const text of await Promise.all(answers))
      assert.match(text, /^200 mine \| fwd=uri-miss; fwd-status=200; detail=no-store/);
  });

  test('that want different variants get their own', async (t) => {
    const caching = await Caching.open(t, (request, response) => {
      response.writeHead(200, { 'Cache-Control': FRESH, Vary: 'X-A' });
      setImmediate(() => response.end(String(request.headers['x-a'])));
    });
    const wanted = Array.from({ length: 30 }, (_, index) => String(index % 3));
    const all = await Promise.all(wanted.map((value) => caching.told('/x', { 'X-A': value })));
    assert.deepEqual(
      all.map((text) => text.slice(4, 5)),
      wanted,
    );
    assert.ok(caching.asked.length <= 5, String(caching.asked.length));
  });

  test('fail together when the server fails, and no later than the first', async (t) => {
    const held: (() => void)[] = [];
    const caching = await Caching.open(t, (request) => void held.push(() => request.socket.destroy()));
    const answers = Array.from({ length: 5 }, () => caching.ask('/x'));
    await caching.gateway.until(() => caching.gateway.metric('sluice_http_requests_in_flight') === 5, 'five requests');
    await caching.gateway.until(() => held.length === 1, 'the first');
    held[0]?.();
    const statuses = (await Promise.all(answers)).map(({ status }) => String(status));
    assert.deepEqual(statuses.toSorted(), ['502', '503', '503', '503', '503']);
  });
});
