// A whole answer of Anthropic's Messages as one of OpenAI's Chat Completions. Rule: what Chat Completions has no place for (citations,
// what tools of the provider have found) is left out.
import type { AnswerWish } from './chat-request.ts';
import { chatUsage, finishReason, serviceTierOf } from './chat-usage.ts';
import { THINKING_BLOCKS } from './conversation.ts';
import { asObject, isObject, type JsonObject } from './json-fields.ts';

/** Fails where it is no JSON. */
export function translateAnswer(text: string, { usesFunctions }: AnswerWish, createdAt: number): JsonObject {
  const answer = asObject(JSON.parse(text), 'the answer');
  const content = Array.isArray(answer['content']) ? answer['content'].filter(isObject) : [];
  const usage = isObject(answer['usage']) ? answer['usage'] : {};
  return {
    id: answer['id'],
    object: 'chat.completion',
    created: createdAt,
    model: answer['model'],
    choices: [
      {
        index: 0,
        message: messageOf(content, usesFunctions),
        logprobs: null,
        finish_reason: finishReason(answer['stop_reason'], usesFunctions),
      },
    ],
    usage: chatUsage(usage),
    ...serviceTierOf(usage),
  };
}

function messageOf(content: readonly JsonObject[], usesFunctions: boolean): JsonObject {
  const text = joined(content, 'text');
  const calls = content.filter(({ type }) => type === 'tool_use');
  const thoughts = content.filter(isThought);
  const thinking = joined(content, 'thinking');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    ...(thoughts.length === 0 ? {} : { [THINKING_BLOCKS]: thoughts }),
    ...callsOf(calls, usesFunctions),
  };
}

/** What Anthropic wants to have back when the conversation goes on. */
export function isThought({ type }: JsonObject): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}

function joined(content: readonly JsonObject[], type: 'text' | 'thinking'): string {
  const blocks = content.filter((block) => block['type'] === type);
  return blocks.map((block) => (typeof block[type] === 'string' ? block[type] : '')).join('');
}

function callsOf(calls: readonly JsonObject[], usesFunctions: boolean): JsonObject {
  const [first] = calls;
  if (first === undefined) return {};
  if (usesFunctions) return { function_call: functionOf(first) };
  return { tool_calls: calls.map((call) => ({ id: call['id'], type: 'function', function: functionOf(call) })) };
}

function functionOf({ name, input }: JsonObject): JsonObject {
  return { name, arguments: JSON.stringify(input ?? {}) };
}
