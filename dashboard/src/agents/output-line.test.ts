import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outputLine } from './output-line.ts';

describe('a line of an agent', () => {
  function said(line: object | string): [string, string] {
    const { kind, text } = outputLine(1, typeof line === 'string' ? line : JSON.stringify(line));
    return [kind, text];
  }

  test('says what is meant for people, of each kind of agent', () => {
    const parts = [
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', name: 'Bash', input: { command: 'ls' } },
    ];
    assert.deepEqual(said({ type: 'assistant', message: { content: parts } }), [
      'assistant',
      'I look.\nBash {"command":"ls"}',
    ]);
    const result = [{ type: 'tool_result', content: 'a.ts' }];
    assert.deepEqual(said({ type: 'user', message: { content: result } }), ['user', 'a.ts']);
    assert.deepEqual(said({ type: 'result', result: 'Done.' }), ['result', 'Done.']);
    assert.deepEqual(said({ type: 'item.completed', item: { text: 'Hello' } }), ['item.completed', 'Hello']);
    assert.deepEqual(said({ type: 'error', error: { message: 'No.' } }), ['error', 'No.']);
  });

  test('is shown as it was printed where nothing in it is known', () => {
    assert.deepEqual(said({ type: 'raw', data: 'plain <b>words</b>' }), ['text', 'plain <b>words</b>']);
    assert.deepEqual(said('{"n":1}'), ['json', '{"n":1}']);
    assert.deepEqual(said('[1]'), ['text', '[1]']);
    assert.deepEqual(said('{"type":"assistant","message":{"content":[]}}'), [
      'assistant',
      '{"type":"assistant","message":{"content":[]}}',
    ]);
  });

  test('is cut where nobody would read on', () => {
    const [, text] = said({ type: 'raw', data: 'x'.repeat(10_000) });
    assert.match(text, /^x{8000}… \(10000 characters\)$/);
  });
});
