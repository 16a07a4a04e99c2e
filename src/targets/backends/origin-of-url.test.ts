import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { originOfUrl } from './origin-of-url.ts';

describe('originOfUrl', () => {
  test('takes host and port of the URL', () => {
    const { name, host, port, path, tls, hostField, protocol, pathPrefix } = originOfUrl('http://one.test:9000');
    assert.deepEqual(
      { name, host, port, path, tls, hostField, protocol, pathPrefix },
      {
        name: 'http://one.test:9000',
        host: 'one.test',
        port: 9000,
        path: null,
        tls: null,
        hostField: null,
        protocol: 'http1',
        pathPrefix: '',
      },
    );
  });

  test('knows the ports of the schemes', () => {
    assert.equal(originOfUrl('http://one.test').port, 80);
    assert.equal(originOfUrl('https://one.test').port, 443);
    assert.equal(originOfUrl('h2c://one.test').port, 80);
  });

  test('takes an address without the brackets that a URL needs', () => {
    const { name, host, port } = originOfUrl('http://[::1]:9000/');
    assert.deepEqual([name, host, port], ['http://[::1]:9000', '::1', 9000]);
  });

  test('keeps the path for every request, without the slash at its end', () => {
    assert.equal(originOfUrl('http://one.test/').pathPrefix, '');
    assert.equal(originOfUrl('http://one.test/app/').pathPrefix, '/app');
    assert.equal(originOfUrl('http://one.test/a/b').pathPrefix, '/a/b');
  });

  test('speaks TLS with https, and verifies unless it is told otherwise', () => {
    const verified = { serverName: null, ca: null, certificate: null, verify: true };
    assert.deepEqual(originOfUrl('https://one.test').tls, verified);
    const own = { ...verified, serverName: 'inner.test', verify: false };
    assert.deepEqual(originOfUrl('https://one.test', { tls: own }).tls, own);
    assert.equal(originOfUrl('http://one.test', { tls: own }).tls, null);
  });

  test('speaks HTTP/2 with h2c, and with https when it is wanted', () => {
    const { name, host, protocol, tls } = originOfUrl('h2c://one.test:9000');
    assert.deepEqual([name, host, protocol, tls], ['h2c://one.test:9000', 'one.test', 'http2', null]);
    assert.equal(originOfUrl('https://one.test', { http2: true }).protocol, 'http2');
    assert.equal(originOfUrl('https://one.test').protocol, 'http1');
    assert.equal(originOfUrl('http://one.test', { http2: true }).protocol, 'http1');
  });

  test('may be a unix socket', () => {
    const { name, label, host, path, tls, protocol, pathPrefix } = originOfUrl('unix:/run/app.sock', { http2: true });
    assert.deepEqual(
      [name, label, host, path, tls, protocol, pathPrefix],
      ['unix:/run/app.sock', 'unix:/run/app.sock', 'localhost', '/run/app.sock', null, 'http1', ''],
    );
  });

  test('has no limit of connections, and shows credentials of a URL to nobody', () => {
    const { name, maxConnections } = originOfUrl('http://user:hunter2@one.test:9000/app');
    assert.equal(maxConnections, 0);
    assert.equal(name, 'http://one.test:9000');
  });
});
