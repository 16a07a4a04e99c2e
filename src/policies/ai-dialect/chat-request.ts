// A request of OpenAI's Chat Completions as one of Anthropic's Messages. Rule: what changes the answer and cannot be said is refused;
// what only tunes it (penalties, a seed, how it is stored) is left out.
import { conversationOf, lacksThinking } from './conversation.ts';
import {
  asObject,
  flagIn,
  isObject,
  type JsonObject,
  listIn,
  numberIn,
  objectIn,
  refuse,
  requiredText,
  textIn,
  Untranslatable,
} from './json-fields.ts';
import { offeredTools } from './offered-tools.ts';
import { strictSchema } from './strict-schema.ts';
import { thinkingOf } from './thinking.ts';

/** How the client wants to be answered. */
export interface AnswerWish {
  /** A chunk at the end says what was used. */
  readonly wantsUsage: boolean;
  /** It calls functions in the manner of `functions`, before there were tools. */
  readonly usesFunctions: boolean;
}

export interface TranslatedRequest {
  readonly body: JsonObject;
  readonly wish: AnswerWish;
}

/** Anthropic wants a number where OpenAI takes as many as the model has: as many as all of today's have. */
const MAX_TOKENS = 32_000;
const OLD_MODELS = [
  [/claude-3-5-/, 8192],
  [/claude-(?:3-(?:opus|sonnet|haiku)|2|instant)/, 4096],
] as const;

const ONLY_JSON = 'Answer with one valid JSON object and nothing else: no words around it, no code fence.';

/** Fails with Untranslatable. */
export function translateRequest(bytes: Uint8Array): TranslatedRequest {
  const asked = asObject(readJson(bytes), 'the body');
  refuseImpossible(asked);
  const model = requiredText(asked, 'model', '');
  const messages = listIn(asked, 'messages', '') ?? refuse('messages', 'is missing');
  const maxTokens = numberIn(asked, 'max_completion_tokens') ?? numberIn(asked, 'max_tokens') ?? mostOf(model);
  // Only the names that it finds are of interest yet.
  const { called } = conversationOf(messages, false);
  const { fields: tools, isForced } = offeredTools(asked, called);
  const lacksThoughts = lacksThinking(messages);
  const thinking = thinkingOf(asked, { model, maxTokens, isForced, lacksThoughts });
  const { system, turns } = conversationOf(messages, thinking.isOn);
  const format = formatOf(asked);
  const output = { ...(thinking.effort === null ? {} : { effort: thinking.effort }), ...format.output };
  const prompt = [...system, ...format.system];
  const body = {
    model,
    max_tokens: maxTokens,
    ...(prompt.length === 0 ? {} : { system: prompt }),
    messages: turns,
    ...tools,
    ...thinking.fields,
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
    ...(thinking.isOn ? {} : sampling(asked)),
    ...stopSequences(asked),
    ...aboutUser(asked),
    ...serviceTier(asked),
    ...cacheControl(asked),
    ...(flagIn(asked, 'stream') === true ? { stream: true } : {}),
  };
  return { body, wish: wishOf(asked) };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Untranslatable('the body is no JSON');
  }
}

function refuseImpossible(asked: JsonObject): void {
  const count = numberIn(asked, 'n');
  if (count !== null && count !== 1) refuse('n', 'Claude gives one answer to a request');
  if (isObject(asked['audio'])) refuse('audio', 'audio is not possible with Claude');
  if (listIn(asked, 'modalities', '')?.some((each) => each !== 'text') === true) {
    refuse('modalities', 'only text is possible with Claude');
  }
  if (flagIn(asked, 'logprobs') === true) refuse('logprobs', 'Claude does not tell probabilities');
  if (isObject(asked['web_search_options'])) refuse('web_search_options', 'is not translated');
}

function mostOf(model: string): number {
  return OLD_MODELS.find(([name]) => name.test(model))?.[1] ?? MAX_TOKENS;
}

interface Format {
  readonly output: JsonObject;
  readonly system: readonly JsonObject[];
}

function formatOf(asked: JsonObject): Format {
  const given = objectIn(asked, 'response_format', '');
  switch (given?.['type']) {
    case undefined:
    case 'text':
      return { output: {}, system: [] };
    case 'json_object':
      // Anthropic holds answers to schemas only.
      return { output: {}, system: [{ type: 'text', text: ONLY_JSON }] };
    case 'json_schema': {
      const place = 'response_format.json_schema';
      const schema = asObject(asObject(given?.['json_schema'], place)['schema'], `${place}.schema`);
      return { output: { format: { type: 'json_schema', schema: strictSchema(schema) } }, system: [] };
    }
    default:
      return refuse('response_format.type', `${JSON.stringify(given?.['type'])} is not known`);
  }
}

/** What is so without a word is not said, since some models want to hear nothing of it, and others not of both at once. */
function sampling(asked: JsonObject): JsonObject {
  const temperature = numberIn(asked, 'temperature') ?? 1;
  const topP = numberIn(asked, 'top_p') ?? 1;
  const topK = numberIn(asked, 'top_k');
  const { min, max } = Math;
  return {
    ...(temperature < 1 ? { temperature: max(0, min(1, temperature)) } : {}),
    ...(topP < 1 && temperature >= 1 ? { top_p: topP } : {}),
    ...(topK === null ? {} : { top_k: topK }),
  };
}

/** Anthropic does not stop at white space. */
function stopSequences(asked: JsonObject): JsonObject {
  const given = typeof asked['stop'] === 'string' ? [asked['stop']] : (listIn(asked, 'stop', '') ?? []);
  const texts = given.map((each) => (typeof each === 'string' ? each : refuse('stop', 'expected strings')));
  const stops = texts.filter((text) => text.trim() !== '');
  return stops.length === 0 ? {} : { stop_sequences: stops };
}

function aboutUser(asked: JsonObject): JsonObject {
  const user = textIn(asked, 'safety_identifier', '') ?? textIn(asked, 'user', '');
  return user === null || user === '' ? {} : { metadata: { user_id: user } };
}

function serviceTier(asked: JsonObject): JsonObject {
  const tier = textIn(asked, 'service_tier', '');
  if (tier === 'default') return { service_tier: 'standard_only' };
  return tier === 'auto' || tier === 'priority' ? { service_tier: 'auto' } : {};
}

/** Not OpenAI's: where a client that knows who answers wants the conversation cached. */
function cacheControl(asked: JsonObject): JsonObject {
  return isObject(asked['cache_control']) ? { cache_control: asked['cache_control'] } : {};
}

function wishOf(asked: JsonObject): AnswerWish {
  const options = objectIn(asked, 'stream_options', '');
  return {
    wantsUsage: options?.['include_usage'] === true,
    usesFunctions: (listIn(asked, 'functions', '') ?? []).length > 0,
  };
}
