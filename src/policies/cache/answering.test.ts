import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answering, Caching, FRESH } from '../../../test/support/caching.ts';

/** Of which the tag says whether it has changed. */
function tagged(cacheControl: string, tag = () => '"1"'): Answering {
  return (request, response, count) => {
    const fields = { 'Cache-Control': cacheControl, ETag: tag(), 'X-Count': String(count) };
    if (request.headers['if-none-match'] === tag()) response.writeHead(304, fields).end();
    else response.writeHead(200, fields).end(`body ${tag()}`);
  };
}

describe('an answer of the server', () => {
  test('that nothing has changed makes what is kept good again, with its new fields', async (t) => {
    const caching = await Caching.open(t, tagged('max-age=0'));
    await caching.told('/x');
    const { status, headers, body } = await caching.ask('/x');
    assert.deepEqual([status, body, headers['x-count']], [200, 'body "1"', '2']);
    assert.equal(await caching.told('/x'), '200 body "1" | fwd=stale; fwd-status=304; stored');
  });

  test('that nothing has changed is one to us, and the client is answered by what it has', async (t) => {
    const caching = await Caching.open(t, tagged('max-age=0'));
    await caching.told('/x');
    const told = async (tag: string): Promise<string> => caching.told('/x', { 'If-None-Match': tag });
    assert.equal(await told('"1"'), '304  | fwd=stale; fwd-status=304; stored');
    assert.equal(await told('"0"'), '200 body "1" | fwd=stale; fwd-status=304; stored');
    assert.equal((await caching.told('/x', { Range: 'bytes=0-3' })).slice(0, 8), '206 body');
  });

  test('that is another takes the place of what was kept', async (t) => {
    let version = 1;
    const caching = await Caching.open(
      t,
      tagged('max-age=0', () => `"${version}"`),
    );
    await caching.told('/x');
    version = 2;
    assert.equal(await caching.told('/x'), '200 body "2" | fwd=stale; fwd-status=200; stored');
    assert.equal(await caching.told('/x'), '200 body "2" | fwd=stale; fwd-status=304; stored');
  });

  test('that must not be kept takes away what was', async (t) => {
    const said = ['max-age=0, stale-if-error=1000', 'no-store', 'no-store'];
    const caching = await Caching.open(t, (_request, response, count) => {
      if (count >= 3) response.destroy();
      else response.writeHead(200, { 'Cache-Control': said[count - 1] ?? '', ETag: '"1"' }).end(`a${count}`);
    });
    await caching.told('/x');
    assert.equal(await caching.told('/x'), '200 a2 | fwd=stale; fwd-status=200; detail=no-store');
    assert.equal((await caching.ask('/x')).status, 502);
  });

  test('that it fails is stood in for by what is kept, where that is allowed', async (t) => {
    let fails = false;
    const caching = await Caching.open(t, (request, response) => {
      if (fails && request.url === '/cut') response.destroy();
      else if (fails) response.writeHead(503).end('down');
      else
        response
          .writeHead(200, {
            'Cache-Control': `max-age=0${request.url === '/never' ? '' : ', stale-if-error=1000'}`,
            ETag: '"1"',
          })
          .end('good');
    });
    for (const path of ['/x', '/cut', '/never']) await caching.told(path);
    fails = true;
    assert.equal(await caching.told('/x'), '200 good | hit; fwd=stale; fwd-status=503; detail=stale-if-error');
    assert.equal(await caching.told('/cut'), '200 good | hit; fwd=stale; detail=stale-if-error');
    assert.equal(await caching.told('/never'), '503 down | fwd=stale; fwd-status=503; detail=no-lifetime');
    assert.equal(caching.gateway.metric('sluice_cache_requests_total', { result: 'stale_on_error' }), 2);
  });

  test('to HEAD brings what is kept of GET up to date, or shows that it has been replaced', async (t) => {
    let tag = '"1"';
    const caching = await Caching.open(t, (request, response) => {
      response
        .writeHead(200, { 'Cache-Control': request.method === 'HEAD' ? FRESH : 'max-age=0', ETag: tag })
        .end('good');
    });
    await caching.told('/x');
    await caching.ask('/x', { method: 'HEAD' });
    assert.equal(await caching.told('/x'), '200 good | hit');
    tag = '"2"';
    await caching.ask('/x', { method: 'HEAD', headers: { 'Cache-Control': 'no-cache' } });
    assert.equal(await caching.told('/x'), '200 good | fwd=uri-miss; fwd-status=200; stored');
  });

  test('to what may change something makes what is kept of its URLs untrue', async (t) => {
    const caching = await Caching.open(t, (request, response, count) => {
      const fields = request.method === 'GET' ? { 'Cache-Control': FRESH } : { Location: '/y' };
      response.writeHead(request.url === '/bad' && request.method === 'PUT' ? 400 : 200, fields).end(`a${count}`);
    });
    for (const path of ['/x', '/y', '/bad']) await caching.told(path);
    await caching.ask('/x', { method: 'PUT', body: '1' });
    await caching.ask('/bad', { method: 'PUT', body: '1' });
    const told = [await caching.told('/x'), await caching.told('/y'), await caching.told('/bad')];
    assert.deepEqual(
      told.map((text) => text.replace(/^.*\| /, '').slice(0, 7)),
      ['fwd=uri', 'fwd=uri', 'hit'],
    );
  });

  test('to POST is kept for GET when it says so', async (t) => {
    const caching = await Caching.open(t, ({ url = '' }, response) =>
      response.writeHead(200, { 'Cache-Control': FRESH, 'Content-Location': url }).end('made'),
    );
    await caching.ask('/x', { method: 'POST', body: '1' });
    assert.equal(await caching.told('/x'), '200 made | hit');
  });

  test('is kept without a body as well', async (t) => {
    const caching = await Caching.open(t, (request, response) => {
      response.writeHead(request.url === '/none' ? 204 : 200, { 'Cache-Control': FRESH }).end();
    });
    for (const path of ['/none', '/empty']) {
      await caching.told(path);
      assert.match(await caching.told(path), /hit$/);
    }
  });

  test('that comes short is kept by nobody', async (t) => {
    const caching = await Caching.open(t, (_request, response, count) => {
      response.writeHead(200, { 'Cache-Control': FRESH, 'Content-Length': 100 });
      if (count === 1) response.write('cut', () => response.destroy());
      else response.end('x'.repeat(100));
    });
    await assert.rejects(caching.told('/x'));
    assert.match(await caching.told('/x'), /^200 x{100} \| fwd=uri-miss/);
  });

  test('that says nothing of its lifetime has the one that is configured, by status', async (t) => {
    const caching = await Caching.open(
      t,
      (request, response) => response.writeHead(request.url === '/gone' ? 404 : 200).end('x'),
      { default_ttl: '0s', status_ttl: { 404: '100s' } },
    );
    for (const path of ['/x', '/gone']) await caching.told(path);
    assert.deepEqual(
      [await caching.told('/x'), await caching.told('/gone')],
      ['200 x | fwd=uri-miss; fwd-status=200; detail=no-lifetime', '404 x | hit'],
    );
  });

  test('without a body is kept as any other, and nobody who waits for it is told that it failed', async (t) => {
    const caching = await Caching.open(t, (_request, response, count) =>
      response.writeHead(200, { 'Cache-Control': FRESH, 'Content-Length': 0, 'X-Count': count }).end(),
    );
    const all = await Promise.all([1, 2, 3].map(() => caching.ask('/empty')));
    assert.deepEqual(
      all.map(({ status, headers }) => `${status} ${String(headers['x-count'])}`),
      Array.from({ length: 3 }, () => '200 1'),
    );
    assert.match(await caching.told('/empty'), /\| hit$/);
    assert.equal(caching.asked.length, 1);
  });
});
