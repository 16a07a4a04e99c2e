import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backendUrl, routeTargetSchema } from './targets.ts';

describe('a target', () => {
  test('that is a URL is one backend', () => {
    const short = { backends: ['http://a:1'], queue: null, resolve: false };
    assert.deepEqual(routeTargetSchema.parse('http://a:1'), routeTargetSchema.parse(short));
    assert.deepEqual(routeTargetSchema.parse('http://a:1'), {
      backends: [{ url: 'http://a:1', weight: 1, max_connections: null }],
      strategy: 'round_robin',
      health: null,
      breaker: null,
      outliers: null,
      max_ejected: 1,
      when_all_out: 'fail',
      slow_start: null,
      queue: null,
      resolve: false,
      via: [],
      sticky: null,
      tls: null,
      http2: false,
      proxy_protocol: null,
      rewrite: null,
      host: 'keep',
    });
  });

  test('may be a redirect, an answer or a tunnel', () => {
    assert.deepEqual(routeTargetSchema.parse({ redirect: '/new/{rest}' }), { redirect: '/new/{rest}', status: 308 });
    assert.deepEqual(routeTargetSchema.parse({ respond: { body: 'x' } }), {
      respond: { status: 200, headers: {}, body: 'x' },
    });
    assert.deepEqual(routeTargetSchema.parse({ tunnel: 'app' }), { tunnel: 'app' });
  });

  test('is one thing only', () => {
    for (const wrong of [
      {},
      { backends: [] },
      { backends: ['http://a'], redirect: '/b' },
      { redirect: 'b' },
      { redirect: '/{not a name}' },
      { redirect: 'https://{rest}.test/' },
      { redirect: 'https://{host}.test/' },
      { backends: ['http://a'], rewrite: '/{rest}?a' },
      { backends: ['http://a'], host: 'http://b' },
      { redirect: 'https://a{rest}' },
      { redirect: '/b', status: 200 },
      { respond: { status: 99 } },
      { respond: { body: 5 } },
      { tunnel: '' },
      { backends: ['http://a'], strategy: 'best' },
      { backends: ['http://a'], sticky: { cookie: 'a b' } },
      null,
    ]) {
      assert.ok(!routeTargetSchema.safeParse(wrong).success, JSON.stringify(wrong));
    }
  });

  test('with a client certificate needs both of its files', () => {
    const to = (tls: object) => routeTargetSchema.safeParse({ backends: ['https://a'], tls }).success;
    assert.deepEqual(
      [to({}), to({ cert: 'c', key: 'k' }), to({ cert: 'c' }), to({ key: 'k' })],
      [true, true, false, false],
    );
  });
});

test('a backend speaks http, https or h2c, and may have a path', () => {
  for (const url of ['http://a', 'https://a:8443/base', 'h2c://a:50051', 'unix:/run/app.sock'])
    assert.equal(backendUrl().parse(url), url);
  for (const url of [
    'unix:',
    'unix:app.sock',
    'unix:/run/',
    'unix:/a b',
    'a:80',
    'ws://a',
    'http://u:p@a',
    'http://a?x=1',
  ])
    assert.ok(!backendUrl().safeParse(url).success, url);
});
