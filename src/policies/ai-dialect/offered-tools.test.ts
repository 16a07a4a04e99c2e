import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { offeredTools } from './offered-tools.ts';

const NOBODY = new Set<string>();
const schema = { type: 'object', properties: { a: { type: 'string', minLength: 3 } }, required: ['a'] };
const tool = (name: string, rest: object = {}): object => ({ type: 'function', function: { name, ...rest } });
const choice = (tool_choice: unknown, rest: object = {}): unknown => {
  return offeredTools({ tools: [tool('a'), tool('b')], tool_choice, ...rest }, NOBODY).fields['tool_choice'];
};

describe('tools', () => {
  test('are offered with what they are for and what they take', () => {
    const cache_control = { type: 'ephemeral' };
    const tools = [{ ...tool('a', { description: 'looks', parameters: schema }), cache_control }, tool('b')];
    assert.deepEqual(offeredTools({ tools }, NOBODY), {
      fields: {
        tools: [
          { name: 'a', description: 'looks', input_schema: schema, cache_control },
          { name: 'b', input_schema: { type: 'object', properties: {} } },
        ],
      },
      isForced: false,
    });
  });

  test('that are strict are held to what Anthropic can hold them to', () => {
    const { fields } = offeredTools({ tools: [tool('a', { parameters: schema, strict: true })] }, NOBODY);
    const a = { type: 'string', description: '{minLength: 3}' };
    const input_schema = { ...schema, properties: { a }, additionalProperties: false };
    assert.deepEqual(fields['tools'], [{ name: 'a', input_schema, strict: true }]);
  });

  test('may be used or not, or have to be', () => {
    assert.equal(choice('auto'), undefined);
    assert.equal(choice(undefined), undefined);
    assert.deepEqual(choice('none'), { type: 'none' });
    assert.deepEqual(choice('required'), { type: 'any' });
    assert.deepEqual(choice(tool('a')), { type: 'tool', name: 'a' });
    const forced = (tool_choice: unknown): boolean =>
      offeredTools({ tools: [tool('a')], tool_choice }, NOBODY).isForced;
    assert.deepEqual(['auto', 'none', 'required', tool('a')].map(forced), [false, false, true, true]);
  });

  test('are used one by one where the client wants it', () => {
    const parallel_tool_calls = false;
    assert.deepEqual(choice('auto', { parallel_tool_calls }), { type: 'auto', disable_parallel_tool_use: true });
    assert.deepEqual(choice('required', { parallel_tool_calls }), { type: 'any', disable_parallel_tool_use: true });
    assert.deepEqual(choice('none', { parallel_tool_calls }), { type: 'none' });
    assert.equal(choice('auto', { parallel_tool_calls: true }), undefined);
  });

  test('can be a choice of those that are offered', () => {
    const tool_choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('b')] } };
    const { fields } = offeredTools({ tools: [tool('a'), tool('b')], tool_choice }, NOBODY);
    assert.deepEqual(fields, {
      tools: [{ name: 'b', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'any' },
    });
  });

  test('can be functions, which are called one by one', () => {
    const functions = [{ name: 'a', parameters: schema }];
    const single = { disable_parallel_tool_use: true };
    assert.deepEqual(offeredTools({ functions }, NOBODY).fields, {
      tools: [{ name: 'a', input_schema: schema }],
      tool_choice: { type: 'auto', ...single },
    });
    const { fields, isForced } = offeredTools({ functions, function_call: { name: 'a' } }, NOBODY);
    assert.deepEqual([fields['tool_choice'], isForced], [{ type: 'tool', name: 'a', ...single }, true]);
  });

  test('that were used before are known, though none is offered any more', () => {
    assert.deepEqual(offeredTools({ tools: [] }, new Set(['a'])), {
      fields: { tools: [{ name: 'a', input_schema: { type: 'object' } }], tool_choice: { type: 'none' } },
      isForced: false,
    });
    assert.deepEqual(offeredTools({ tool_choice: 'none' }, NOBODY), { fields: {}, isForced: false });
  });

  test('of other kinds, and choices that nobody knows, are refused', () => {
    for (const [asked, message] of [
      [{ tools: [{ type: 'custom' }] }, 'tools[0].type: tools of the type "custom" are not possible with Claude'],
      [{ tools: [tool('a'), {}] }, 'tools[1].function: expected an object'],
      [{ tools: [tool('a')], tool_choice: 'maybe' }, 'tool_choice: "maybe" is not known'],
      [{ tools: [tool('a')], tool_choice: {} }, 'tool_choice.function: expected an object'],
      [
        { tools: [tool('a')], tool_choice: { type: 'allowed_tools', allowed_tools: {} } },
        /allowed_tools\.tools: expected/,
      ],
    ] as const) {
      assert.throws(() => offeredTools(asked, NOBODY), { message });
    }
  });
});
