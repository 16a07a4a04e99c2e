import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REPLY } from '../../codec/socks/socks-words.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import { socksReplyOf } from './socks-outcome.ts';

describe('what a SOCKS client is told', () => {
  test('of a tunnel that stands', () => {
    assert.equal(socksReplyOf(200, null), REPLY.SUCCEEDED);
  });

  for (const [code, reply] of [
    ['destination_denied', REPLY.NOT_ALLOWED],
    ['proxy_auth_required', REPLY.NOT_ALLOWED],
    ['forbidden', REPLY.NOT_ALLOWED],
    ['hop_denied', REPLY.NOT_ALLOWED],
    ['upstream_dns_failed', REPLY.HOST_UNREACHABLE],
    ['upstream_connect_timeout', REPLY.HOST_UNREACHABLE],
    ['upstream_unreachable', REPLY.REFUSED],
    ['hops_exhausted', REPLY.GENERAL_FAILURE],
    ['hop_unreachable', REPLY.GENERAL_FAILURE],
    ['hop_auth_failed', REPLY.GENERAL_FAILURE],
    ['internal', REPLY.GENERAL_FAILURE],
  ] as const) {
    test(`of ${code}`, () => {
      assert.equal(socksReplyOf(ERROR_CATALOGUE[code].status, code), reply);
    });
  }

  test('of a refusal that has nothing but a status', () => {
    const replies = [403, 407, 404, 429, 502].map((status) => socksReplyOf(status, null));
    const { NOT_ALLOWED, GENERAL_FAILURE } = REPLY;
    assert.deepEqual(replies, [NOT_ALLOWED, NOT_ALLOWED, GENERAL_FAILURE, GENERAL_FAILURE, GENERAL_FAILURE]);
  });

  test('is never that it went well when it did not', () => {
    for (const code of Object.keys(ERROR_CATALOGUE) as ErrorCode[]) {
      assert.notEqual(socksReplyOf(ERROR_CATALOGUE[code].status, code), REPLY.SUCCEEDED, code);
    }
  });
});
