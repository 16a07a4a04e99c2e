import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageReader } from './usage-reader.ts';

const NOTHING = { model: '', isKnown: false, input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

function readAll(text: string, isStream: boolean): object {
  const reader = new UsageReader(isStream);
  const bytes = Buffer.from(text);
  reader.take(bytes, 0, bytes.length);
  return reader.read();
}

function stream(...events: readonly (readonly [name: string, data: object])[]): string {
  return events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
}

const STARTED = { input_tokens: 25, cache_creation_input_tokens: 3, cache_read_input_tokens: 7, output_tokens: 1 };
const MESSAGE_START = ['message_start', { message: { model: 'm-1', content: [], usage: STARTED } }] as const;
const OPENAI = { input_tokens: 36, input_tokens_details: { cached_tokens: 4 }, output_tokens: 87 };

describe('what an answer has used', () => {
  test('is what a stream of Anthropic says last', () => {
    const text = stream(
      MESSAGE_START,
      ['content_block_delta', { delta: { text: 'event: message_delta' } }],
      ['message_delta', { usage: { output_tokens: 9 } }],
      ['message_delta', { usage: { output_tokens: 15 } }],
    );
    assert.deepEqual(readAll(text, true), {
      model: 'm-1',
      isKnown: true,
      input: 25,
      output: 15,
      cacheRead: 7,
      cacheWrite: 3,
    });
  });

  test('is what a stream has said before it was cut', () => {
    const text = stream(MESSAGE_START, ['message_delta', { usage: { output_tokens: 9 } }]);
    assert.partialDeepStrictEqual(readAll(text.slice(0, -1), true), { model: 'm-1', input: 25, output: 1 });
    assert.deepEqual(readAll(stream(['response.created', { response: { model: 'm-2', usage: null } }]), true), {
      ...NOTHING,
      model: 'm-2',
    });
  });

  test('is what a stream of OpenAI says at its end, what came from the cache apart', () => {
    for (const end of ['response.completed', 'response.incomplete', 'response.failed']) {
      const text = stream(
        ['response.created', { response: { model: 'm-2', usage: null } }],
        ['response.output_text.done', { usage: { input_tokens: 1 } }],
        [end, { response: { output: [{ usage: 1 }], model: 'm-2', usage: OPENAI } }],
      );
      const used = { model: 'm-2', isKnown: true, input: 32, output: 87, cacheRead: 4, cacheWrite: 0 };
      assert.deepEqual(readAll(text, true), used);
    }
  });

  test('is what a chat says in its last chunk, if its client has asked for that', () => {
    const chunk = (rest: object): string => `data: ${JSON.stringify({ id: 'c', model: 'm-3', ...rest })}\n\n`;
    const words = chunk({ choices: [{ delta: { content: '"usage":{"prompt_tokens":9}' } }], usage: null });
    const used = { prompt_tokens: 36, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens: 87 };
    const asked = `${words}${chunk({ choices: [], usage: used })}data: [DONE]\n\n`;
    const counts = { input: 32, output: 87, cacheRead: 4, cacheWrite: 0 };
    assert.deepEqual(readAll(asked, true), { model: 'm-3', isKnown: true, ...counts });
    assert.deepEqual(readAll(`${words}data: [DONE]\n\n`, true), { ...NOTHING, model: 'm-3' });
    assert.deepEqual(readAll(JSON.stringify({ model: 'm-3', choices: [], usage: used }), false), {
      model: 'm-3',
      isKnown: true,
      ...counts,
    });
  });

  test('is said in one JSON by both', () => {
    const anthropic = JSON.stringify({ model: 'm-1', content: [{ model: 'no' }], usage: STARTED });
    assert.partialDeepStrictEqual(readAll(anthropic, false), { model: 'm-1', isKnown: true, input: 25, cacheRead: 7 });
    const openai = JSON.stringify({ model: 'm-2', output: [], usage: OPENAI });
    assert.partialDeepStrictEqual(readAll(openai, false), { model: 'm-2', isKnown: true, input: 32, cacheRead: 4 });
  });

  test('is not known where nothing is said, or nothing that could be a number of tokens', () => {
    for (const usage of [undefined, null, 3, 'x', []]) {
      const isKnown = Array.isArray(usage);
      assert.deepEqual(readAll(JSON.stringify({ usage }), false), { ...NOTHING, isKnown });
    }
    const odd = { input_tokens: -1, output_tokens: 1.5, cache_read_input_tokens: '3', input_tokens_details: null };
    assert.deepEqual(readAll(JSON.stringify({ model: 7, usage: odd }), false), { ...NOTHING, isKnown: true });
    assert.deepEqual(readAll('', true), NOTHING);
    assert.deepEqual(readAll('<html>', false), NOTHING);
  });
});
