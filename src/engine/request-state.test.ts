import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { FIELD, FRAMING } from '../codec/http1/head.ts';
import { RequestState } from './request-state.ts';

function stateOf(...lines: readonly string[]): RequestState {
  const state = new RequestState(requestHead(...lines), false);
  state.begin();
  return state;
}

describe('RequestState', () => {
  test('shows the parts of a request as they were sent', () => {
    const request = stateOf('PURGE /a//%62?x=1?y HTTP/1.1', 'Host: A.Test:8080');
    assert.equal(request.method, 'PURGE');
    assert.equal(request.target, '/a//%62?x=1?y');
    assert.equal(request.path, '/a//%62');
    assert.equal(request.query, '?x=1?y');
    assert.equal(request.host, 'a.test');
    assert.equal(request.authority, 'A.Test:8080');
    assert.equal(request.protocol, 'HTTP/1.1');
    assert.equal(request.hasBody, false);
    assert.equal(request.known(FIELD.HOST), 'A.Test:8080');
    assert.equal(request.known(FIELD.COOKIE), undefined);
  });

  test('a request without a query has an empty one', () => {
    const request = stateOf('GET /a HTTP/1.1', 'Host: a');
    assert.equal(request.query, '');
    assert.equal(request.path, '/a');
  });

  test('the authority of an absolute target is the host, whatever Host says', () => {
    const request = stateOf('GET https://user.test:444/x?y HTTP/1.1', 'Host: other.test');
    assert.equal(request.host, 'user.test');
    assert.equal(request.authority, 'user.test:444');
    assert.equal(request.path, '/x');
    assert.equal(request.query, '?y');
  });

  test('a host is found with and without its port', () => {
    for (const [authority, host] of [
      ['a.test', 'a.test'],
      ['a.test:', 'a.test'],
      ['a.test:80', 'a.test'],
      ['127.0.0.1:80', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.1'],
      ['[::1]', '[::1]'],
      ['[::1]:80', '[::1]'],
      ['a1', 'a1'],
      ['12', '12'],
      ['a.test.', 'a.test'],
      ['a.test.:80', 'a.test'],
      ['.', '.'],
    ] as const) {
      const request = stateOf('GET / HTTP/1.1', `Host: ${authority}`);
      assert.deepEqual([request.authority, request.host], [authority, host]);
    }
  });

  test('a request that names no host has none', () => {
    const request = stateOf('GET / HTTP/1.0');
    assert.equal(request.host, '');
    assert.equal(request.authority, '');
    assert.equal(request.protocol, 'HTTP/1.0');
  });

  test('forgets what it knew of the request before', () => {
    const request = stateOf('GET /one?1 HTTP/1.1', 'Host: a');
    assert.equal(request.target, '/one?1');
    Object.assign(request, { head: requestHead('GET /two HTTP/1.1', 'Host: b') });
    request.begin();
    assert.deepEqual([request.target, request.query, request.host], ['/two', '', 'b']);
  });

  test('a body of another length than announced is sent in chunks', () => {
    const request = stateOf('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5');
    assert.equal(request.hasBody, true);
    request.forgetLength();
    assert.equal(request.head.framing, FRAMING.CHUNKED);
    assert.equal(request.fields.has('content-length'), false);
    assert.equal(request.hasBody, true);
  });

  test('knows which methods mean the same when they are sent twice', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']) {
      assert.equal(stateOf(`${method} / HTTP/1.1`, 'Host: a').isIdempotent, true, method);
    }
    for (const method of ['POST', 'PATCH', 'PURGE', 'get']) {
      assert.equal(stateOf(`${method} / HTTP/1.1`, 'Host: a').isIdempotent, false, method);
    }
  });

  test('over HTTP/2 it says so', () => {
    const state = new RequestState(requestHead('GET / HTTP/1.1', 'Host: a'), true);
    state.begin();
    assert.equal(state.protocol, 'HTTP/2.0');
  });

  test('Max-Forwards counts for OPTIONS and TRACE, when it is a number', () => {
    const maxForwards = (method: string, value: string): number =>
      stateOf(`${method} / HTTP/1.1`, 'Host: a', `Max-Forwards: ${value}`).maxForwards;
    assert.equal(maxForwards('OPTIONS', '0'), 0);
    assert.equal(maxForwards('TRACE', '12'), 12);
    assert.equal(maxForwards('GET', '3'), -1);
    for (const value of ['-1', 'x', '', '1x', '12345678901']) assert.equal(maxForwards('TRACE', value), -1, value);
    assert.equal(stateOf('TRACE / HTTP/1.1', 'Host: a').maxForwards, -1);
  });
});
