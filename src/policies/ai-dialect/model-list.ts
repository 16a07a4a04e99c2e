// The models that Anthropic lists, as OpenAI lists them. Rule: what Anthropic says of a model stays with it, so that programs that know
// either find what they look for.
import { asObject, isObject, type JsonObject } from './json-fields.ts';

/** Fails where it is no JSON. */
export function translateModels(text: string): JsonObject {
  const said = asObject(JSON.parse(text), 'the answer');
  if (!Array.isArray(said['data'])) return modelOf(said);
  return { object: 'list', ...said, data: said['data'].filter(isObject).map(modelOf) };
}

function modelOf(model: JsonObject): JsonObject {
  return { ...model, object: 'model', created: secondsOf(model['created_at']), owned_by: 'anthropic' };
}

function secondsOf(time: unknown): number {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}
