import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import type { RequestState } from '../../engine/request-state.ts';
import { readRequest, requestBytes } from './asked-request.ts';
import { tooLarge } from './too-large.ts';

function post(length: number): RequestState {
  const fields = [['Host', 'a.test'] as const, ['Content-Length', String(length)] as const];
  const read = readRequest(requestBytes('POST /', fields), DEFAULT_LIMITS);
  return 'request' in read ? read.request : assert.fail();
}

test('a body is too large for its route, or for the door where the route says nothing', () => {
  const wide = [{ name: 'limits', bounds: { bodyBytes: 20 } }];
  assert.equal(tooLarge(post(20), wide, 10), null);
  assert.equal(tooLarge(post(10), [], 10), null);
  assert.deepEqual(
    [tooLarge(post(21), wide, 10)?.status, tooLarge(post(11), [], 10)?.code],
    [413, 'request_body_too_large'],
  );
});
