import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { messageWith } from '../../../test/support/ai-provider.ts';
import { isThought, translateAnswer } from './chat-answer.ts';

const WISH = { wantsUsage: false, usesFunctions: false };
const THOUGHT = { type: 'thinking', thinking: 'hm', signature: 's' };
const CALL = { type: 'tool_use', id: 't1', name: 'look', input: { a: [1] } };

function answer(content: readonly object[], stopReason = 'end_turn', wish = WISH): Record<string, unknown> {
  return { ...translateAnswer(JSON.stringify(messageWith('m-1', content, stopReason)), wish, 77) };
}

function messageIn(answered: Record<string, unknown>): unknown {
  return (answered['choices'] as { message: unknown }[])[0]?.message;
}

describe('an answer of Messages', () => {
  test('becomes one of Chat Completions', () => {
    const said = [
      { type: 'text', text: 'Hello, ' },
      { type: 'text', text: 'wörld' },
    ];
    assert.deepEqual(answer(said), {
      id: 'msg_1',
      object: 'chat.completion',
      created: 77,
      model: 'm-1',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello, wörld', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 35,
        completion_tokens: 15,
        total_tokens: 50,
        prompt_tokens_details: { cached_tokens: 7, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    });
  });

  test('has calls of tools, with their arguments as a text', () => {
    const answered = answer([CALL, { ...CALL, id: 't2', input: {} }], 'tool_use');
    assert.deepEqual(messageIn(answered), {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [
        { id: 't1', type: 'function', function: { name: 'look', arguments: '{"a":[1]}' } },
        { id: 't2', type: 'function', function: { name: 'look', arguments: '{}' } },
      ],
    });
    assert.partialDeepStrictEqual(answered, { choices: [{ finish_reason: 'tool_calls' }] });
  });

  test('has a call of a function for clients that know no tools', () => {
    const answered = answer([CALL], 'tool_use', { ...WISH, usesFunctions: true });
    const function_call = { name: 'look', arguments: '{"a":[1]}' };
    assert.deepEqual(messageIn(answered), { role: 'assistant', content: null, refusal: null, function_call });
    assert.partialDeepStrictEqual(answered, { choices: [{ finish_reason: 'function_call' }] });
  });

  test('has thoughts, to be read and to be given back', () => {
    const hidden = { type: 'redacted_thinking', data: 'x' };
    assert.partialDeepStrictEqual(messageIn(answer([THOUGHT, hidden, { type: 'text', text: 'a' }])), {
      content: 'a',
      reasoning_content: 'hm',
      thinking_blocks: [THOUGHT, hidden],
    });
    assert.deepEqual([THOUGHT, hidden, CALL].map(isThought), [true, true, false]);
  });

  test('may be empty, and is nothing where it is no JSON', () => {
    assert.partialDeepStrictEqual(messageIn(answer([])), { content: '' });
    assert.partialDeepStrictEqual(translateAnswer('{}', WISH, 1), { choices: [{ finish_reason: 'stop' }] });
    assert.throws(() => translateAnswer('<html>', WISH, 1));
    assert.throws(() => translateAnswer('[]', WISH, 1));
  });
});
