import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { askedUrl, readRequest, requestBytes } from './asked-request.ts';

describe('what a dry run is asked for', () => {
  test('may be a URL, or host and port', () => {
    const get = (url: string): unknown[] => Object.values(askedUrl({ method: 'GET', url }));
    assert.deepEqual(get('http://a.test/x?y#z'), [false, 'a.test', 80, 'a.test', '/x?y']);
    assert.deepEqual(get('https://[::1]:8443'), [true, '::1', 8443, '[::1]:8443', '/']);
    assert.deepEqual(get('a.test:22'), [true, 'a.test', 22, 'a.test:22', '/']);
    assert.deepEqual(get('a.test'), [true, 'a.test', 443, 'a.test:443', '/']);
  });

  test('is refused where it is neither', () => {
    for (const url of ['ftp://a.test', 'http://', '/x', 'a b', ':80']) {
      assert.throws(() => askedUrl({ method: 'GET', url }), { code: 'invalid_input' }, url);
    }
    assert.throws(() => askedUrl({ method: 'G T', url: 'http://a.test' }), { code: 'invalid_input' });
  });

  test('has fields that are fields', () => {
    assert.equal(requestBytes('GET /', [['Host', 'a']]).toString(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    for (const field of [
      ['a b', ''],
      ['', ''],
      ['x', 'y\r\nz: 1'],
    ] as const) {
      assert.throws(() => requestBytes('GET /', [field]), { code: 'invalid_input' });
    }
  });

  test('is read as a door reads it', () => {
    const read = readRequest(requestBytes('GET http://A.test:1/x', [['Host', 'A.test:1']]), DEFAULT_LIMITS);
    assert.ok('request' in read);
    assert.deepEqual([read.request.method, read.request.host, read.request.path], ['GET', 'a.test', '/x']);
    const twice = [
      ['Host', 'a'],
      ['Host', 'b'],
    ] as const;
    const refused = readRequest(requestBytes('GET /', twice), DEFAULT_LIMITS);
    assert.ok('refused' in refused);
    assert.equal(refused.refused.code, 'request_invalid');
  });
});
