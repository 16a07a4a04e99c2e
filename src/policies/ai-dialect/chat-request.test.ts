import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { translateRequest } from './chat-request.ts';
import { Untranslatable } from './json-fields.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];
const PLAIN = {
  model: 'claude-sonnet-5-5',
  max_tokens: 32_000,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
};

function bodyOf(asked: object): Readonly<Record<string, unknown>> {
  const whole = { model: 'claude-sonnet-5-5', messages: MESSAGES, ...asked };
  return translateRequest(Buffer.from(JSON.stringify(whole))).body;
}

function wishOf(asked: object): object {
  return translateRequest(Buffer.from(JSON.stringify({ model: 'm', messages: MESSAGES, ...asked }))).wish;
}

describe('a request of Chat Completions', () => {
  test('becomes one of Messages', () => {
    assert.deepEqual(bodyOf({}), PLAIN);
    const asked = {
      messages: [{ role: 'system', content: 'be kind' }, ...MESSAGES],
      max_completion_tokens: 50,
      max_tokens: 10,
      temperature: 0.3,
      top_k: 5,
      stop: ['END', '\n'],
      user: 'u-1',
      service_tier: 'default',
      stream: true,
      cache_control: { type: 'ephemeral' },
    };
    assert.deepEqual(bodyOf(asked), {
      ...PLAIN,
      max_tokens: 50,
      system: [{ type: 'text', text: 'be kind' }],
      temperature: 0.3,
      top_k: 5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
      cache_control: { type: 'ephemeral' },
      stream: true,
    });
  });

  test('may have a number of tokens, or as many as the model has', () => {
    assert.equal(bodyOf({ max_tokens: 10 })['max_tokens'], 10);
    assert.equal(bodyOf({ model: 'claude-3-haiku-20240307' })['max_tokens'], 4096);
    assert.equal(bodyOf({ model: 'claude-3-5-haiku-latest' })['max_tokens'], 8192);
    assert.equal(bodyOf({ model: 'claude-3-7-sonnet-latest' })['max_tokens'], 32_000);
  });

  test('is as warm as Anthropic has it, and says nothing of what is so anyway', () => {
    for (const [asked, sent] of [
      [{ temperature: 0 }, { temperature: 0 }],
      [{ temperature: 1 }, {}],
      [{ temperature: 1.7, top_p: 1 }, {}],
      [{ temperature: 0.5, top_p: 0.9 }, { temperature: 0.5 }],
      [{ temperature: null, top_p: 0.9 }, { top_p: 0.9 }],
      [{ temperature: 0.5, reasoning_effort: 'low' }, {}],
    ] as const) {
      const { temperature, top_p } = bodyOf(asked);
      assert.deepEqual(JSON.parse(JSON.stringify({ temperature, top_p })), sent);
    }
  });

  test('holds the answer to a schema, or asks for JSON in words', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } };
    const format = { type: 'json_schema', schema: { ...schema, additionalProperties: false } };
    assert.deepEqual(bodyOf({ response_format })['output_config'], { format });
    assert.deepEqual(bodyOf({ response_format, reasoning_effort: 'low' })['output_config'], { effort: 'low', format });
    const { system, output_config } = bodyOf({ response_format: { type: 'json_object' } });
    assert.match(JSON.stringify(system), /one valid JSON object/);
    assert.equal(output_config, undefined);
    assert.deepEqual(bodyOf({ response_format: { type: 'text' } }), PLAIN);
  });

  test('names its user by either name', () => {
    assert.deepEqual(bodyOf({ user: 'a', safety_identifier: 'b' })['metadata'], { user_id: 'b' });
    assert.equal(bodyOf({ user: '' })['metadata'], undefined);
  });

  test('offers tools, and knows those that were used', () => {
    const tools = [{ type: 'function', function: { name: 'a' } }];
    const { tools: offered, tool_choice } = bodyOf({ tools, tool_choice: 'required', reasoning_effort: 'high' });
    assert.deepEqual(offered, [{ name: 'a', input_schema: { type: 'object', properties: {} } }]);
    assert.deepEqual(tool_choice, { type: 'any' });
    assert.equal(bodyOf({ tools, tool_choice: 'required', reasoning_effort: 'high' })['thinking'], undefined);
    const called = { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'a', arguments: '{}' } }] };
    const messages = [...MESSAGES, called, { role: 'tool', tool_call_id: 'c', content: 'x' }];
    assert.deepEqual(bodyOf({ messages })['tool_choice'], { type: 'none' });
  });

  test('leaves out what only tunes the answer, and takes null for nothing', () => {
    const tuning = { seed: 1, presence_penalty: 1, frequency_penalty: 1, logit_bias: {}, store: true, metadata: {} };
    const hints = {
      prediction: {},
      verbosity: 'low',
      prompt_cache_key: 'k',
      service_tier: 'flex',
      n: 1,
      modalities: ['text'],
    };
    const nothing = {
      max_tokens: null,
      temperature: null,
      stop: null,
      tools: null,
      response_format: null,
      stream: null,
    };
    assert.deepEqual(bodyOf({ ...tuning, ...hints, ...nothing, logprobs: false, stream_options: null }), PLAIN);
  });

  test('says how it wants to be answered', () => {
    assert.deepEqual(wishOf({}), { wantsUsage: false, usesFunctions: false });
    assert.deepEqual(wishOf({ stream_options: { include_usage: true }, functions: [{ name: 'a' }] }), {
      wantsUsage: true,
      usesFunctions: true,
    });
  });

  test('is refused where it cannot be done, with the place', () => {
    for (const [asked, message] of [
      [{ n: 2 }, 'n: Claude gives one answer to a request'],
      [{ audio: {} }, /^audio: /],
      [{ modalities: ['text', 'audio'] }, /^modalities: /],
      [{ logprobs: true }, /^logprobs: /],
      [{ web_search_options: {} }, /^web_search_options: /],
      [{ model: undefined }, 'model: is missing'],
      [{ messages: undefined }, 'messages: is missing'],
      [{ messages: 'hi' }, 'messages: expected a list'],
      [{ max_tokens: '5' }, 'max_tokens: expected a number'],
      [{ stop: [1] }, 'stop: expected strings'],
      [{ response_format: { type: 'grammar' } }, 'response_format.type: "grammar" is not known'],
      [
        { response_format: { type: 'json_schema', json_schema: {} } },
        /^response_format\.json_schema\.schema: expected/,
      ],
    ] as const) {
      assert.throws(() => bodyOf(asked), { message });
    }
    for (const body of ['', '{', Buffer.from([0x22, 0xff, 0x22])]) {
      assert.throws(() => translateRequest(Buffer.from(body)), { message: 'the body is no JSON' });
    }
    assert.throws(() => translateRequest(Buffer.from('[]')), { message: 'the body: expected an object' });
  });

  test('is translated or refused, whatever it is', () => {
    const odd = fc.jsonValue({ maxDepth: 2 });
    const part = fc.record(
      {
        type: fc.constantFrom('text', 'image_url', 'file', 'refusal', 'function', 'x'),
        text: fc.oneof(fc.string(), odd),
        image_url: fc.oneof(fc.constant({ url: 'data:image/png;base64,AA' }), odd),
        file: fc.oneof(fc.constant({ file_data: 'data:text/plain;base64,AA' }), odd),
        function: fc.oneof(fc.record({ name: fc.string(), arguments: fc.constant('{}'), parameters: odd }), odd),
        id: fc.oneof(fc.string(), odd),
      },
      { requiredKeys: ['type'] },
    );
    const message = fc.record(
      {
        role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function', 'x'),
        content: fc.oneof(fc.string(), fc.array(part), odd),
        tool_calls: fc.oneof(fc.array(part), odd),
        function_call: fc.oneof(fc.record({ name: fc.string(), arguments: fc.string() }), odd),
        tool_call_id: fc.oneof(fc.string(), odd),
        name: fc.string(),
        thinking_blocks: odd,
      },
      { requiredKeys: ['role'] },
    );
    const keys = [
      'tools',
      'functions',
      'tool_choice',
      'response_format',
      'stop',
      'temperature',
      'reasoning_effort',
      'user',
    ];
    const rest = fc.dictionary(fc.constantFrom(...keys), fc.oneof(odd, fc.array(part)), { maxKeys: 3 });
    fc.assert(
      fc.property(fc.oneof(fc.array(message), odd), rest, (messages, others) => {
        try {
          const { max_tokens, messages: turns } = bodyOf({ messages, ...others });
          assert.ok(typeof max_tokens === 'number' && Array.isArray(turns) && turns.length > 0);
        } catch (error) {
          assert.ok(error instanceof Untranslatable, String(error));
        }
      }),
    );
  });
});
