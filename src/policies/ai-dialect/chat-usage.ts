// What an answer has used, and why it has ended: Anthropic's words become OpenAI's. Rule: what was read from a cache or written to it
// is a part of the prompt.
import { isObject, type JsonObject } from './json-fields.ts';

const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

export function finishReason(stopReason: unknown, usesFunctions: boolean): string {
  const reason = typeof stopReason === 'string' ? (FINISH_REASONS[stopReason] ?? 'stop') : 'stop';
  return usesFunctions && reason === 'tool_calls' ? 'function_call' : reason;
}

export function chatUsage(usage: JsonObject): JsonObject {
  const cached = countIn(usage, 'cache_read_input_tokens');
  const prompt = countIn(usage, 'input_tokens') + cached + countIn(usage, 'cache_creation_input_tokens');
  const completion = countIn(usage, 'output_tokens');
  const details = usage['output_tokens_details'];
  const thinking = isObject(details) ? countIn(details, 'thinking_tokens') : 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: thinking, audio_tokens: 0 },
  };
}

/** Numbers that are said again replace those before; `null` says nothing. */
export function mergedUsage(before: JsonObject, said: unknown): JsonObject {
  if (!isObject(said)) return before;
  return { ...before, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)) };
}

/** As OpenAI calls it; empty where nothing is said of it. */
export function serviceTierOf(usage: JsonObject): JsonObject {
  const tier = usage['service_tier'];
  if (typeof tier !== 'string') return {};
  return { service_tier: tier === 'standard' ? 'default' : tier };
}

function countIn(usage: JsonObject, key: string): number {
  const count = usage[key];
  return typeof count === 'number' ? count : 0;
}
