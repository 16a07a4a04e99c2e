// Reads fields of a JSON text that a client has sent, and refuses what is of another kind. Rule: `null` is as good as absent, as OpenAI
// has it; whatever is refused is named by its place in the request.

export type JsonObject = Readonly<Record<string, unknown>>;

/** Cannot be said in the other dialect, or not be understood; for the client to read. */
export class Untranslatable extends Error {}

export function refuse(place: string, why: string): never {
  throw new Untranslatable(`${place}: ${why}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a value that is there. */
export function asObject(value: unknown, place: string): JsonObject {
  return isObject(value) ? value : refuse(place, 'expected an object');
}

export function textIn(object: JsonObject, key: string, place: string): string | null {
  const value = object[key] ?? null;
  return value === null || typeof value === 'string' ? value : refuse(below(place, key), 'expected a string');
}

export function requiredText(object: JsonObject, key: string, place: string): string {
  return textIn(object, key, place) ?? refuse(below(place, key), 'is missing');
}

export function numberIn(object: JsonObject, key: string): number | null {
  const value = object[key] ?? null;
  return value === null || typeof value === 'number' ? value : refuse(key, 'expected a number');
}

export function flagIn(object: JsonObject, key: string): boolean | null {
  const value = object[key] ?? null;
  return value === null || typeof value === 'boolean' ? value : refuse(key, 'expected true or false');
}

export function objectIn(object: JsonObject, key: string, place: string): JsonObject | null {
  const value = object[key] ?? null;
  return value === null ? null : asObject(value, below(place, key));
}

export function listIn(object: JsonObject, key: string, place: string): readonly unknown[] | null {
  const value = object[key] ?? null;
  return value === null || Array.isArray(value) ? value : refuse(below(place, key), 'expected a list');
}

function below(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}
