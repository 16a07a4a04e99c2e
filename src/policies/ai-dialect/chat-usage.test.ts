import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatUsage, finishReason, mergedUsage, serviceTierOf } from './chat-usage.ts';

test('the prompt is all that was read, from a cache or not', () => {
  const usage = {
    input_tokens: 25,
    cache_read_input_tokens: 7,
    cache_creation_input_tokens: 3,
    output_tokens: 15,
    output_tokens_details: { thinking_tokens: 9 },
  };
  assert.deepEqual(chatUsage(usage), {
    prompt_tokens: 35,
    completion_tokens: 15,
    total_tokens: 50,
    prompt_tokens_details: { cached_tokens: 7, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 9, audio_tokens: 0 },
  });
  assert.partialDeepStrictEqual(chatUsage({ cache_read_input_tokens: null }), { prompt_tokens: 0, total_tokens: 0 });
});

test('an answer ends for the same reason', () => {
  const reasons = [
    'end_turn',
    'stop_sequence',
    'pause_turn',
    'max_tokens',
    'model_context_window_exceeded',
    'tool_use',
  ];
  assert.deepEqual(
    [...reasons, 'refusal', 'of_tomorrow', null].map((reason) => finishReason(reason, false)),
    ['stop', 'stop', 'stop', 'length', 'length', 'tool_calls', 'content_filter', 'stop', 'stop'],
  );
  assert.equal(finishReason('tool_use', true), 'function_call');
});

test('what is said last of what was used holds', () => {
  assert.deepEqual(mergedUsage({ a: 1, b: 2 }, { a: 3, b: null }), { a: 3, b: 2 });
  assert.deepEqual(mergedUsage({ a: 1 }, undefined), { a: 1 });
});

test('the tier of service has the name that OpenAI gives it', () => {
  assert.deepEqual([{ service_tier: 'standard' }, { service_tier: 'priority' }, {}].map(serviceTierOf), [
    { service_tier: 'default' },
    { service_tier: 'priority' },
    {},
  ]);
});
