import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { conversationOf, lacksThinking } from './conversation.ts';

const text = (words: string): object => ({ type: 'text', text: words });
const user = (content: unknown): object => ({ role: 'user', content });
const call = (id: string, args = '{"a":1}'): object => {
  return { id, type: 'function', function: { name: 'look', arguments: args } };
};
const calls = (...ids: readonly string[]): object => {
  return { role: 'assistant', content: null, tool_calls: ids.map((id) => call(id)) };
};
const result = (id: string, content: unknown): object => ({ role: 'tool', tool_call_id: id, content });
const turnsOf = (...messages: readonly object[]): unknown => conversationOf(messages, false).turns;

describe('a conversation', () => {
  test('has what system and developer say before everything else', () => {
    const system = (role: string, content: string): object => ({ role, content });
    const said = conversationOf([system('system', 'a'), user('hi'), system('developer', 'b')], false);
    assert.deepEqual(said.system, [text('a'), text('b')]);
    assert.deepEqual(said.turns, [{ role: 'user', content: [text('hi')] }]);
  });

  test('of nothing but that is what the user says', () => {
    const said = conversationOf([{ role: 'system', content: 'a' }], false);
    assert.deepEqual([said.system, said.turns], [[], [{ role: 'user', content: [text('a')] }]]);
    assert.throws(() => turnsOf(), { message: 'messages: nothing is said in them' });
  });

  test('has calls of tools, and all that they have answered in the turn after', () => {
    assert.deepEqual(
      turnsOf(user('hi'), calls('c1', 'c2'), result('c1', 'one'), user('and?'), result('c2', ''), user('well')),
      [
        { role: 'user', content: [text('hi')] },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'c1', name: 'look', input: { a: 1 } },
            { type: 'tool_use', id: 'c2', name: 'look', input: { a: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: [text('one')] },
            { type: 'tool_result', tool_use_id: 'c2' },
            text('and?'),
            text('well'),
          ],
        },
      ],
    );
  });

  test('has ids that Anthropic takes, the same in call and answer', () => {
    const turns = JSON.stringify(turnsOf(user('hi'), calls('call:1|x'), result('call:1|x', 'one')));
    assert.equal(turns.match(/"call_1_x"/g)?.length, 2);
  });

  test('has words and refusals of the assistant before its calls; no arguments are none', () => {
    const said = { role: 'assistant', content: 'let me see', refusal: 'no', tool_calls: [call('c1', '')] };
    assert.deepEqual(conversationOf([user('hi'), said], false).turns.at(-1)?.content, [
      text('let me see'),
      text('no'),
      { type: 'tool_use', id: 'c1', name: 'look', input: {} },
    ]);
  });

  test('knows calls in the manner of functions', () => {
    const called = { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } };
    const answered = { role: 'function', name: 'look', content: 'one' };
    const { turns } = conversationOf([user('hi'), called, answered, called, answered], false);
    const ids = turns.slice(1).map(({ content: [block] }) => block?.['id'] ?? block?.['tool_use_id']);
    assert.deepEqual([ids[0], ids[2]], [ids[1], ids[3]]);
    assert.notEqual(ids[0], ids[2]);
    assert.throws(() => turnsOf(user('hi'), answered), {
      message: 'messages[1]: the function look was not called before',
    });
  });

  test('keeps thoughts where the model thinks again, and only there', () => {
    const thinking_blocks = [{ type: 'thinking', thinking: 'hm', signature: 's' }];
    const messages = [user('hi'), { ...calls('c1'), thinking_blocks }, result('c1', 'one')];
    const kinds = (keeps: boolean): unknown =>
      conversationOf(messages, keeps).turns[1]?.content.map(({ type }) => type);
    assert.deepEqual([kinds(true), kinds(false)], [['thinking', 'tool_use'], ['tool_use']]);
  });

  test('says of whom it speaks, and trims what the assistant is to go on with', () => {
    const said = conversationOf(
      [user('hi'), calls('c1'), result('c1', 'x'), { role: 'assistant', content: 'a \n' }],
      false,
    );
    assert.deepEqual([...said.called], ['look']);
    assert.deepEqual(said.turns.at(-1)?.content, [text('a')]);
  });

  test('is refused where it cannot be understood', () => {
    for (const [message, why] of [
      [{ role: 'narrator' }, 'messages[0].role: "narrator" is not known'],
      [{ role: 'tool', content: 'x' }, 'messages[0].tool_call_id: is missing'],
      [
        { role: 'assistant', tool_calls: [call('c', '{')] },
        /tool_calls\[0\]\.function\.arguments: expected the text of a/,
      ],
      [{ role: 'assistant', tool_calls: [call('c', '[]')] }, /expected the text of a JSON object/],
      [
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom' }] },
        /tool_calls\[0\]\.type: only calls of functions/,
      ],
      [{ role: 'assistant', audio: { id: 'a' } }, 'messages[0].audio: audio is not possible with Claude'],
      ['hi', 'messages[0]: expected an object'],
    ] as const) {
      assert.throws(() => conversationOf([message], false), { message: why });
    }
  });

  test('always has turns that take turns, with answers of tools before words, and loses no word', () => {
    const word = fc.constantFrom('a', 'b c', 'ö');
    const message = fc.oneof(
      word.map(user),
      word.map((content) => ({ role: 'assistant', content })),
      word.map((content) => ({ role: 'system', content })),
      fc.tuple(word, fc.constantFrom('c1', 'c2')).map(([content, id]) => result(id, content)),
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1 }), (messages) => {
        const { system, turns } = conversationOf(messages, false);
        for (const [index, turn] of turns.entries()) {
          assert.notEqual(turn.role, turns[index - 1]?.role);
          assert.ok(turn.content.length > 0);
          const kinds = turn.content.map(({ type }) => type);
          assert.ok(kinds.lastIndexOf('tool_result') < (kinds.indexOf('text') + 1 || Infinity));
        }
        const said = JSON.stringify([system, turns]).match(/"text":/g)?.length ?? 0;
        assert.equal(said, messages.length);
      }),
    );
  });
});

test('thoughts are missing only where calls of tools were answered and their thoughts are not there', () => {
  const thinking_blocks = [{ type: 'thinking' }];
  assert.equal(lacksThinking([user('hi'), calls('c1'), result('c1', 'x'), result('c2', 'x')]), true);
  assert.equal(lacksThinking([user('hi'), { ...calls('c1'), thinking_blocks }, result('c1', 'x')]), false);
  assert.equal(lacksThinking([user('hi'), calls('c1'), result('c1', 'x'), user('well')]), false);
  assert.equal(lacksThinking([]), false);
});
