import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { messageEventsWith, messageWith, textDelta } from '../../../test/support/ai-provider.ts';
import { translateAnswer } from './chat-answer.ts';
import type { AnswerWish } from './chat-request.ts';
import { ChatStream } from './chat-stream.ts';

const WISH: AnswerWish = { wantsUsage: false, usesFunctions: false };
const TOOL = { type: 'tool_use', id: 't1', name: 'look', input: {} };
const json = (partial_json: string): object => ({ type: 'input_json_delta', partial_json });
const thinking = (text: string): object => ({ type: 'thinking_delta', thinking: text });

type Blocks = Parameters<typeof messageEventsWith>[1];

/** What each event has become. */
function told(events: readonly string[], wish = WISH): string[] {
  const stream = new ChatStream(wish, 77);
  return events.map((event) => stream.take(JSON.parse(event.replace(/^event: .*\ndata: /, '')) as object as never));
}

interface Chunk {
  readonly choices: { readonly delta: Readonly<Record<string, never>>; readonly finish_reason: string | null }[];
  readonly usage?: unknown;
}

function chunksOf(texts: readonly string[]): Chunk[] {
  const lines = texts
    .join('')
    .split('\n\n')
    .filter((line) => line.startsWith('data: {'));
  return lines.map((line) => JSON.parse(line.slice(6)) as Chunk);
}

function deltas(blocks: Blocks, stopReason = 'end_turn', wish = WISH): unknown[] {
  return chunksOf(told(messageEventsWith('m-1', blocks, stopReason), wish)).map(({ choices }) => choices[0]?.delta);
}

describe('the events of a stream', () => {
  test('each become at once what they say', () => {
    const texts = told(messageEventsWith('m-1', [[{ type: 'text', text: '' }, textDelta('Hello')]], 'end_turn'));
    const head =
      '{"id":"msg_1","object":"chat.completion.chunk","created":77,"model":"m-1","choices":[{"index":0,"delta":';
    const chunk = (delta: string, finish = 'null'): string => {
      return `data: ${head}${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`;
    };
    assert.deepEqual(texts, [
      chunk('{"role":"assistant","content":"","refusal":null}'),
      '',
      ': ping\n\n',
      chunk('{"content":"Hello"}'),
      '',
      chunk('{}', '"stop"'),
      'data: [DONE]\n\n',
    ]);
  });

  test('say what was used in a chunk at the end, where the client wants that', () => {
    const texts = told(messageEventsWith('m-1', [], 'max_tokens'), { ...WISH, wantsUsage: true });
    const chunks = chunksOf(texts);
    assert.deepEqual(
      chunks.slice(0, -1).map(({ usage }) => usage),
      [null, null],
    );
    assert.partialDeepStrictEqual(chunks.at(-1), { choices: [], usage: { prompt_tokens: 35, completion_tokens: 15 } });
    assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, 'length');
  });

  test('count calls of tools from 0, and give arguments as they come', () => {
    const blocks: Blocks = [
      [{ type: 'text', text: '' }, textDelta('a')],
      [TOOL, json(''), json('{"a"'), json(':1}')],
      [{ ...TOOL, id: 't2' }, json('')],
    ];
    const called = (index: number, rest: object): object => ({ tool_calls: [{ index, ...rest }] });
    const named = (id: string): object => ({ id, type: 'function', function: { name: 'look', arguments: '' } });
    assert.deepEqual(deltas(blocks, 'tool_use').slice(2), [
      called(0, named('t1')),
      called(0, { function: { arguments: '{"a"' } }),
      called(0, { function: { arguments: ':1}' } }),
      called(1, named('t2')),
      called(1, { function: { arguments: '{}' } }),
      {},
    ]);
  });

  test('call one function for clients that know no tools', () => {
    const given = deltas(
      [
        [TOOL, json('{}')],
        [{ ...TOOL, id: 't2' }, json('{}')],
      ],
      'tool_use',
      { ...WISH, usesFunctions: true },
    );
    assert.deepEqual(given.slice(1), [
      { function_call: { name: 'look', arguments: '' } },
      { function_call: { arguments: '{}' } },
      {},
    ]);
  });

  test('have thoughts as they come, and at the end as they are to be given back', () => {
    const hidden = { type: 'redacted_thinking', data: 'x' };
    const start = { type: 'thinking', thinking: '', signature: '' };
    const signature = { type: 'signature_delta', signature: 's' };
    const given = deltas([[start, thinking('h'), thinking('m'), signature], [hidden]]);
    assert.deepEqual(given.slice(1), [
      { reasoning_content: 'h' },
      { reasoning_content: 'm' },
      { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }, hidden] },
    ]);
  });

  test('end with an error of the provider, and with nothing after it', () => {
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    const [start = ''] = messageEventsWith('m-1', [], 'end_turn');
    const events = [start, `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`, start];
    const said = { message: 'Overloaded', type: 'overloaded_error', param: null, code: 'overloaded_error' };
    assert.deepEqual(told(events).slice(1), [`data: ${JSON.stringify({ error: said })}\n\n`, '']);
  });

  test('that nobody knows, or that lack what they should have, say nothing', () => {
    const stream = new ChatStream(WISH, 1);
    for (const event of [
      { type: 'of_tomorrow' },
      { type: 'content_block_start' },
      { type: 'content_block_delta', delta: { type: 'citations_delta' } },
      { type: 'content_block_delta' },
      { type: 'message_delta' },
      {},
    ]) {
      assert.equal(stream.take(event), '');
    }
    assert.equal(stream.isOver, false);
    assert.match(stream.take({ type: 'message_stop' }), /"finish_reason":"stop"[^]*\[DONE\]\n\n$/);
    assert.equal(stream.isOver, true);
  });

  test('come to the same as the whole answer', () => {
    const pieces = fc.array(fc.constantFrom('a', 'ö ', '"', '\n', '😀'), { maxLength: 4 });
    const block = fc.oneof(
      pieces.map((parts) => ({
        start: { type: 'text', text: '' },
        deltas: parts.map(textDelta),
        whole: { type: 'text', text: parts.join('') },
      })),
      fc.dictionary(fc.string(), fc.jsonValue()).map((input) => {
        const text = JSON.stringify(input);
        const half = Math.floor(text.length / 2);
        return {
          start: TOOL,
          deltas: [json(''), json(text.slice(0, half)), json(text.slice(half))],
          whole: { ...TOOL, input },
        };
      }),
      pieces.map((parts) => {
        const whole = { type: 'thinking', thinking: parts.join(''), signature: 's' };
        const signature = { type: 'signature_delta', signature: 's' };
        return {
          start: { type: 'thinking', thinking: '', signature: '' },
          deltas: [...parts.map(thinking), signature],
          whole,
        };
      }),
    );
    fc.assert(
      fc.property(fc.array(block, { maxLength: 5 }), (blocks) => {
        const events = messageEventsWith(
          'm-1',
          blocks.map(({ start, deltas }) => [start, ...deltas]),
          'end_turn',
        );
        const joined = joinedDeltas(chunksOf(told(events)));
        const whole = translateAnswer(
          JSON.stringify(
            messageWith(
              'm-1',
              blocks.map(({ whole }) => whole),
              'end_turn',
            ),
          ),
          WISH,
          77,
        );
        const [{ message }] = whole['choices'] as [{ message: { content: string | null } }];
        assert.deepEqual(joined, { ...message, content: message.content ?? '' });
      }),
    );
  });
});

interface Call {
  readonly index: number;
  readonly id?: string;
  readonly type?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
}

/** As a client puts them together. */
function joinedDeltas(chunks: readonly Chunk[]): object {
  const message: Record<string, unknown> = {};
  const calls: { id?: string; type?: string; function: { name?: string; arguments: string } }[] = [];
  for (const { choices } of chunks) {
    const {
      content,
      reasoning_content: thought,
      tool_calls: called,
      ...rest
    } = (choices[0]?.delta ?? {}) as unknown as {
      content?: string;
      reasoning_content?: string;
      tool_calls?: readonly Call[];
    };
    Object.assign(message, rest);
    if (content !== undefined) message['content'] = `${(message['content'] ?? '') as string}${content}`;
    if (thought !== undefined)
      message['reasoning_content'] = `${(message['reasoning_content'] ?? '') as string}${thought}`;
    for (const { index, id, type, function: part } of called ?? []) {
      calls[index] ??= { id: id!, type: type!, function: { name: part.name!, arguments: '' } };
      calls[index].function.arguments += part.arguments;
    }
  }
  // Thoughts without words have nothing to be read.
  return { ...message, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
}
