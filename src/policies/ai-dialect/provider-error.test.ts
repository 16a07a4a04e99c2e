import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerError, translateError } from './provider-error.ts';

function said(type: string, message: string): unknown {
  return translateError(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'r' }), 400);
}

test('an error keeps its kind and its words, and gets the code that programs look for', () => {
  for (const [type, message, code] of [
    ['invalid_request_error', 'max_tokens: too many', 'invalid_request_error'],
    ['invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum', 'context_length_exceeded'],
    ['authentication_error', 'invalid x-api-key', 'invalid_api_key'],
    ['rate_limit_error', 'slow down', 'rate_limit_exceeded'],
    ['billing_error', 'pay', 'insufficient_quota'],
    ['not_found_error', 'model: m-1', 'model_not_found'],
    ['not_found_error', 'Not found', 'not_found_error'],
    ['overloaded_error', 'Overloaded', 'overloaded_error'],
  ] as const) {
    assert.deepEqual(said(type, message), { error: { message, type, param: null, code } });
  }
});

test('what is no error of Anthropic’s is told as it is, if it is not too long', () => {
  const error = { type: 'api_error', param: null, code: 'api_error' };
  assert.deepEqual(translateError('<html>no', 502), { error: { message: '<html>no', ...error } });
  assert.deepEqual(translateError('', 502), { error: { message: 'The provider answered 502.', ...error } });
  assert.deepEqual(translateError('[]', 500), { error: { message: '[]', ...error } });
  assert.equal(JSON.stringify(translateError('x'.repeat(5000), 500)).match(/x/g)?.length, 1000);
  assert.deepEqual(providerError(null, 'x'), { error: { message: 'x', ...error } });
});
