import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import { anthropicError, openaiError } from './provider-errors.ts';

test('errors look like those of Anthropic', () => {
  for (const [code, type] of [
    ['unauthorized', 'authentication_error'],
    ['forbidden', 'permission_error'],
    ['ai_model_denied', 'permission_error'],
    ['ai_budget_used_up', 'rate_limit_error'],
    ['ai_websocket_denied', 'invalid_request_error'],
    ['route_not_found', 'not_found_error'],
    ['request_body_too_large', 'request_too_large'],
    ['too_many_requests', 'rate_limit_error'],
    ['upstream_timeout', 'timeout_error'],
    ['upstream_unreachable', 'api_error'],
    ['request_target_too_long', 'invalid_request_error'],
  ] as const satisfies readonly (readonly [ErrorCode, string])[]) {
    const error = { type, message: `why (Sluice: ${code})` };
    const said = anthropicError(new SluiceError(code, { message: 'why' }), 'id-1');
    assert.deepEqual(said, { type: 'error', error, request_id: 'id-1' });
  }
});

test('errors look like those of OpenAI', () => {
  for (const [ours, type, code] of [
    ['unauthorized', 'invalid_request_error', 'invalid_api_key'],
    ['too_many_requests', 'rate_limit_error', 'rate_limit_exceeded'],
    ['forbidden', 'invalid_request_error', 'forbidden'],
    ['ai_model_denied', 'invalid_request_error', 'ai_model_denied'],
    ['ai_budget_used_up', 'insufficient_quota', 'insufficient_quota'],
    ['upstream_unreachable', 'server_error', 'upstream_unreachable'],
  ] as const satisfies readonly (readonly [ErrorCode, string, string])[]) {
    const error = { message: `why (Sluice: ${ours})`, type, param: null, code };
    assert.deepEqual(openaiError(new SluiceError(ours, { message: 'why' }), 'id-1'), { error });
  }
});
