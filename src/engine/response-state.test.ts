import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { responseHead } from '../../test/support/playbook-heads.ts';
import { METHOD } from '../codec/http1/head.ts';
import { ResponseState } from './response-state.ts';

function received(methodId: number, ...lines: readonly string[]): ResponseState {
  const state = new ResponseState();
  state.begin(responseHead(methodId, ...lines));
  return state;
}

function made(status: number, length: number, methodId: number = METHOD.GET): ResponseState {
  const state = new ResponseState();
  state.make({ status }, length, methodId);
  return state;
}

describe('ResponseState', () => {
  test('takes over what was received', () => {
    const state = received(METHOD.GET, 'HTTP/1.1 404 Nowhere', 'Content-Length: 5');
    assert.equal(state.status, 404);
    assert.deepEqual([state.hasBody, state.bodyLength], [true, 5]);
    assert.equal(state.fields.get('content-length'), '5');
  });

  test('knows no length of a body in chunks or until the end', () => {
    const chunked = received(METHOD.GET, 'HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
    assert.deepEqual([chunked.hasBody, chunked.bodyLength], [true, -1]);
    const untilClose = received(METHOD.GET, 'HTTP/1.0 200 OK');
    assert.deepEqual([untilClose.hasBody, untilClose.bodyLength], [true, -1]);
  });

  test('has no body where none may be', () => {
    assert.equal(received(METHOD.HEAD, 'HTTP/1.1 200 OK', 'Content-Length: 5').hasBody, false);
    assert.equal(received(METHOD.GET, 'HTTP/1.1 304 Not Modified', 'Content-Length: 5').hasBody, false);
    assert.equal(received(METHOD.GET, 'HTTP/1.1 204 No Content').hasBody, false);
  });

  test('keeps its head as it is, whatever becomes of the bytes that it came in', () => {
    const lines = ['HTTP/1.1 404 Nowhere', 'X-One: 1', 'X-Two: 2', 'Connection: x-two', 'Content-Length: 5'];
    const head = responseHead(METHOD.GET, ...lines);
    const state = new ResponseState();
    state.begin(head);
    state.fields.remove('x-none');
    state.keepHead();
    const kept = state.head;
    state.keepHead();
    assert.equal(state.head, kept);
    const before = Object.assign({}, head);
    head.bytes.fill(0);
    head.fields.fill(0);
    head.ids.fill(0);
    head.drop.fill(0);
    head.reset();
    assert.equal(kept.reason(), 'Nowhere');
    assert.deepEqual(state.fields.entries(), [
      ['X-One', '1'],
      ['Content-Length', '5'],
    ]);
    for (const name of [
      'status',
      'count',
      'length',
      'framing',
      'contentLength',
      'keepAlive',
      'versionMinor',
    ] as const) {
      assert.equal(kept[name], before[name], name);
    }
  });

  test('made here has no head to keep, and the next one that is received is its own', () => {
    const state = made(200, 2);
    state.keepHead();
    state.begin(responseHead(METHOD.GET, 'HTTP/1.1 200 OK', 'X-One: 1'));
    const { head } = state;
    state.keepHead();
    assert.notEqual(state.head, head);
    assert.equal(state.fields.get('x-one'), '1');
  });

  test('an answer made here announces its length, if it is known', () => {
    assert.equal(made(200, 0).fields.get('content-length'), '0');
    assert.equal(made(200, 7).fields.get('content-length'), '7');
    assert.equal(made(200, -1).fields.has('content-length'), false);
    assert.deepEqual([made(200, 7).hasBody, made(200, -1).hasBody], [true, true]);
  });

  test('made for HEAD it announces the length and has no body', () => {
    const state = made(200, 7, METHOD.HEAD);
    assert.equal(state.hasBody, false);
    assert.equal(state.fields.get('content-length'), '7');
  });

  test('a 204 announces nothing, a 304 has no body', () => {
    assert.equal(made(204, 0).fields.has('content-length'), false);
    assert.deepEqual([made(204, 0).hasBody, made(304, 7).hasBody], [false, false]);
  });

  test('forgets the length of a body that is changed on its way', () => {
    const state = received(METHOD.GET, 'HTTP/1.1 200 OK', 'Content-Length: 5');
    state.forgetLength();
    assert.equal(state.bodyLength, -1);
    assert.equal(state.fields.has('content-length'), false);
  });

  test('there is no answer before it has begun', () => {
    const state = received(METHOD.GET, 'HTTP/1.1 200 OK', 'Content-Length: 5');
    state.reset();
    assert.equal(state.status, 0);
    assert.deepEqual(state.fields.entries(), []);
  });
});
