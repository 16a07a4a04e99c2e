import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Caching } from '../../../test/support/caching.ts';
import { withDate } from './ask-origin.ts';

const STALE = 'max-age=0, stale-while-revalidate=1000';

test('what is stale is given while it is asked for, once for all', async (t) => {
  const held: (() => void)[] = [];
  const caching = await Caching.open(t, (_request, response, count) => {
    const answer = (): unknown =>
      response.writeHead(200, { 'Cache-Control': STALE, ETag: `"${count}"` }).end(`a${count}`);
    if (count === 1) answer();
    else held.push(answer);
  });
  await caching.told('/x');
  for (let round = 0; round < 5; round += 1)
    assert.equal(await caching.told('/x'), '200 a1 | hit; detail=stale-while-revalidate');
  await caching.gateway.until(() => held.length === 1, 'the question');
  assert.equal(caching.asked.length, 2);
  held[0]?.();
  await caching.gateway.until(() => caching.gateway.caches.at('')?.stats.routes[0]?.stored === 2, 'the new answer');
  assert.equal(await caching.told('/x'), '200 a2 | hit; detail=stale-while-revalidate');
  await caching.gateway.until(() => held.length === 2, 'the next question');
  held[1]?.();
});

test('an answer that nothing has changed makes it fresh, and a failure leaves it as it is', async (t) => {
  const seen: unknown[] = [];
  const caching = await Caching.open(t, (request, response, count) => {
    seen.push(request.headers['if-none-match']);
    if (count === 2) response.writeHead(500).end();
    else if (count === 3) response.writeHead(304, { 'Cache-Control': 'max-age=1000' }).end();
    else response.writeHead(200, { 'Cache-Control': STALE, ETag: '"1"' }).end('good');
  });
  await caching.told('/x');
  for (const count of [2, 3]) {
    assert.equal(await caching.told('/x'), '200 good | hit; detail=stale-while-revalidate');
    await caching.gateway.until(() => caching.asked.length === count, 'the question');
    await caching.gateway.until(() => caching.gateway.metric('sluice_upstream_requests_in_flight') === 0, 'its answer');
  }
  await caching.gateway.until(
    () =>
      caching.gateway.caches.at('')?.find(`default http://${new URL(caching.gateway.url).host}/x`)[0]?.meta
        .lifetimeMs === 1_000_000,
    'the update',
  );
  assert.equal(await caching.told('/x'), '200 good | hit');
  assert.deepEqual(seen, [undefined, '"1"', '"1"']);
});

test('an answer without a date has that of its arrival', () => {
  assert.deepEqual(withDate([], 0), [['Date', 'Thu, 01 Jan 1970 00:00:00 GMT']]);
  assert.deepEqual(withDate([['date', 'x']], 0), [['date', 'x']]);
});
