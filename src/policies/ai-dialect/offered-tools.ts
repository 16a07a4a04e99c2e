// The tools that a model may use, and whether it has to: OpenAI's `tools` and `functions` become Anthropic's. Rule: a client that lets
// one tool be used at a time, or none, is obeyed.
import { cacheMark } from './content-parts.ts';
import {
  asObject,
  flagIn,
  isObject,
  type JsonObject,
  listIn,
  objectIn,
  refuse,
  requiredText,
  textIn,
} from './json-fields.ts';
import { strictSchema } from './strict-schema.ts';

export interface OfferedTools {
  /** `tools` and `tool_choice`, as far as there is something to say. */
  readonly fields: JsonObject;
  /** The model has to use one: it cannot think before it does. */
  readonly isForced: boolean;
}

const NONE = { type: 'none' };

/** `called` are those that the conversation has used already. */
export function offeredTools(asked: JsonObject, called: ReadonlySet<string>): OfferedTools {
  const given = listIn(asked, 'tools', '') ?? [];
  const functions = listIn(asked, 'functions', '') ?? [];
  const tools = [
    ...given.map((tool, index) => toolOf(tool, `tools[${index}]`)),
    ...functions.map((one, index) => functionOf(one, `functions[${index}]`)),
  ];
  if (tools.length === 0) return withoutTools(called);
  const { choice, allowed } = choiceOf(asked, functions.length > 0 ? 'function_call' : 'tool_choice');
  const offered = allowed === null ? tools : tools.filter(({ name }) => allowed.has(String(name)));
  // Calls in the manner of `functions` come one by one.
  const isSingle = flagIn(asked, 'parallel_tool_calls') === false || functions.length > 0;
  const isForced = choice['type'] === 'any' || choice['type'] === 'tool';
  return { fields: { tools: offered, ...choiceField(choice, isSingle) }, isForced };
}

/** Anthropic wants to know of every tool that the conversation speaks of. */
function withoutTools(called: ReadonlySet<string>): OfferedTools {
  if (called.size === 0) return { fields: {}, isForced: false };
  const tools = [...called].map((name) => ({ name, input_schema: { type: 'object' } }));
  return { fields: { tools, tool_choice: NONE }, isForced: false };
}

function choiceField(choice: JsonObject, isSingle: boolean): JsonObject {
  if (isSingle && choice !== NONE) return { tool_choice: { ...choice, disable_parallel_tool_use: true } };
  // What is so without a word.
  return choice['type'] === 'auto' ? {} : { tool_choice: choice };
}

function toolOf(value: unknown, place: string): JsonObject {
  const tool = asObject(value, place);
  const { type = 'function' } = tool;
  if (type !== 'function') {
    return refuse(`${place}.type`, `tools of the type ${JSON.stringify(type)} are not possible with Claude`);
  }
  return { ...functionOf(tool['function'], `${place}.function`), ...cacheMark(tool) };
}

function functionOf(value: unknown, place: string): JsonObject {
  const given = asObject(value, place);
  const description = textIn(given, 'description', place);
  const parameters = objectIn(given, 'parameters', place) ?? {};
  const isStrict = given['strict'] === true;
  return {
    name: requiredText(given, 'name', place),
    ...(description === null ? {} : { description }),
    input_schema: isStrict ? strictSchema(objectSchema(parameters)) : objectSchema(parameters),
    ...(isStrict ? { strict: true } : {}),
  };
}

/** A function without parameters may have none, or `{}`. */
function objectSchema(schema: JsonObject): JsonObject {
  return schema['type'] === undefined ? { type: 'object', properties: {}, ...schema } : schema;
}

interface Choice {
  readonly choice: JsonObject;
  /** null: all of them. */
  readonly allowed: ReadonlySet<string> | null;
}

function choiceOf(asked: JsonObject, key: 'tool_choice' | 'function_call'): Choice {
  const given = asked[key] ?? 'auto';
  if (isObject(given) && given['type'] === 'allowed_tools') return allowedTools(given);
  return { choice: isObject(given) ? named(given, key) : byWord(given, key), allowed: null };
}

function byWord(word: unknown, place: string): JsonObject {
  switch (word) {
    case 'auto':
      return { type: 'auto' };
    case 'none':
      return NONE;
    case 'required':
      return { type: 'any' };
    default:
      return refuse(place, `${JSON.stringify(word)} is not known`);
  }
}

/** `{ type: function, function: { name } }`, or `{ name }` in the manner of `functions`. */
function named(given: JsonObject, place: string): JsonObject {
  const one = place === 'function_call' ? given : asObject(given['function'], `${place}.function`);
  return { type: 'tool', name: requiredText(one, 'name', place) };
}

function allowedTools(given: JsonObject): Choice {
  const place = 'tool_choice.allowed_tools';
  const { mode = 'auto', tools } = asObject(given['allowed_tools'], place);
  if (!Array.isArray(tools)) return refuse(`${place}.tools`, 'expected a list');
  const names = tools.map((tool, index) => {
    const one = asObject(tool, `${place}.tools[${index}]`);
    return String(named(one, `${place}.tools[${index}]`)['name']);
  });
  return { choice: byWord(mode, `${place}.mode`), allowed: new Set(names) };
}
