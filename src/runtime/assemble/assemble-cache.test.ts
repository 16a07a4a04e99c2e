import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { Caching, FRESH } from '../../../test/support/caching.ts';
import { Gateway } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';

describe('the policy `cache` of a configuration', () => {
  test('takes from the section what it does not say itself, and may have memory of its own', async (t) => {
    const caching = await Caching.open(t, (_request, response) => response.end('plain'), { max_memory: '1MB' });
    assert.match(await caching.told('/x'), /stored$/);
    assert.match(await caching.told('/x'), /hit$/);
    assert.ok((caching.gateway.caches.at('gateway.policies')?.stats.maxBytes ?? Infinity) <= 1_000_000);
  });

  test('keeps no longer bodies than it says, and says nothing of what it does where that is not wanted', async (t) => {
    const caching = await Caching.open(
      t,
      ({ url }, response) => response.setHeader('Cache-Control', FRESH).end('x'.repeat(url === '/long' ? 2000 : 10)),
      { max_object: '1KiB', cache_status: false },
    );
    for (const path of ['/long', '/long', '/short', '/short']) {
      const { headers } = await caching.ask(path);
      assert.equal(headers['cache-status'], undefined);
    }
    assert.deepEqual(caching.asked, ['GET /long', 'GET /long', 'GET /short']);
  });

  test('holds for plain requests through the forward proxy as well', async (t) => {
    let count = 0;
    const origin = await http1Origin(t, (_request, response) => {
      count += 1;
      response.setHeader('Cache-Control', FRESH).end(`a${count}`);
    });
    const gateway = await Gateway.open(t, { egress: { policies: { cache: {} } } });
    const through = `http://127.0.0.1:${gateway.proxyPort}`;
    for (let round = 0; round < 2; round += 1) {
      const { body, headers } = await ask(through, { target: `${origin}/x`, headers: { Host: new URL(origin).host } });
      assert.equal(body, 'a1');
      assert.match(headers['cache-status'] as string, round === 0 ? /fwd=uri-miss/ : /hit/);
    }
  });

  test('keeps what is in it over a reload', async (t) => {
    const caching = await Caching.open(t, (_request, response, count) =>
      response.setHeader('Cache-Control', FRESH).end(`a${count}`),
    );
    await caching.told('/x');
    const [origin] = [await http1Origin(t, (_request, response) => response.end('new'))];
    await caching.gateway.apply({ gateway: { default_backend: origin, policies: { cache: {} } } });
    assert.equal(await caching.told('/x'), '200 a1 | hit');
  });
});
