import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewaySchema, type RouteMatch } from './gateway.ts';

const TLS = {
  certificates: [{ cert: 'c', key: 'k' }],
  min_version: 'TLSv1.2',
  client_ca: null,
  client_certificate: 'required',
};

function matchOf(match: object): RouteMatch | undefined {
  return gatewaySchema.parse({ routes: [{ match, to: 'http://a' }] }).routes[0]?.match;
}

function accepts(match: object): boolean {
  return gatewaySchema.safeParse({ routes: [{ match, to: 'http://a' }] }).success;
}

describe('addresses of the gateway', () => {
  test('are a list, whatever was written', () => {
    const forms = [undefined, 80, ':80', { address: ':80' }, [':80', { address: ':81', tls: null }], null, []];
    assert.deepEqual(
      forms.map((listen) => gatewaySchema.parse({ listen }).listen.map(({ address }) => address)),
      [['127.0.0.1:8080'], ['127.0.0.1:80'], [':80'], [':80'], [':80', ':81'], [], []],
    );
  });

  test('have the TLS of the section unless they say something themselves', () => {
    const own = { cert: 'c2', key: 'k2' };
    const listen = [':1', { address: ':2' }, { address: ':3', tls: null }, { address: ':4', tls: own }];
    const { listen: read } = gatewaySchema.parse({ tls: { cert: 'c', key: 'k' }, listen });
    assert.deepEqual(
      read.map(({ tls }) => tls),
      [TLS, TLS, null, { ...TLS, certificates: [own] }],
    );
  });
});

describe('TLS', () => {
  const read = (tls: object) => gatewaySchema.safeParse({ tls }).data?.tls;

  test('has one certificate or several, the one of "cert" first', () => {
    const certificates = [{ cert: 'c2', key: 'k2' }];
    assert.deepEqual(read({ cert: 'c', key: 'k' }), TLS);
    assert.deepEqual(read({ certificates })?.certificates, certificates);
    assert.deepEqual(read({ cert: 'c', key: 'k', certificates })?.certificates, [
      { cert: 'c', key: 'k' },
      ...certificates,
    ]);
  });

  test('needs a certificate and its key, and no old version', () => {
    for (const wrong of [
      {},
      { cert: 'c' },
      { key: 'k' },
      { certificates: [] },
      { cert: 'c', key: 'k', min_version: 'TLSv1.1' },
    ]) {
      assert.equal(read(wrong), undefined, JSON.stringify(wrong));
    }
  });
});

describe('a match', () => {
  test('has lists, in the spelling that requests are compared in', () => {
    assert.deepEqual(
      matchOf({ host: 'A.Example', path: '/v1/*', method: 'get', header: { 'X-A': 1 }, query: { q: '*' } }),
      {
        door: [],
        host: ['a.example'],
        path: ['/v1/*'],
        method: ['GET'],
        header: { 'X-A': '1' },
        query: { q: '*' },
      },
    );
    assert.deepEqual(matchOf({ host: ['a.example', '*'] })?.host, []);
    assert.deepEqual(matchOf({}), { door: [], host: [], path: [], method: [], header: {}, query: {} });
  });

  test('has paths of whole parts', () => {
    for (const path of [
      '/',
      '/*',
      '/a',
      '/a/',
      '/a/*',
      '/a/*/b',
      '/a/{id}',
      '/a/{id}/b/*',
      '/a/{rest}',
      ['/a', '/b'],
    ]) {
      assert.ok(accepts({ path }), String(path));
    }
    for (const path of ['', 'a', '*', '/a*', '/a?b', '/a#b', '/a b', '/{', '/{}', '/{a b}', '/a{id}', '/a/**']) {
      assert.ok(!accepts({ path }), path);
    }
  });

  test('refuses methods and fields that HTTP does not know', () => {
    for (const wrong of [
      { method: 'GET POST' },
      { method: '' },
      { header: { 'X A': 'b' } },
      { header: { A: 'b\nc' } },
      { colour: 1 },
    ]) {
      assert.ok(!accepts(wrong), JSON.stringify(wrong));
    }
  });
});

test('a route needs to go somewhere', () => {
  assert.ok(!gatewaySchema.safeParse({ routes: [{ match: {} }] }).success);
  assert.ok(gatewaySchema.safeParse({ routes: [{ to: 'http://a' }] }).success);
});
