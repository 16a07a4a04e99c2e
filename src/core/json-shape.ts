// What JSON has to look like, said once: a part of JSON Schema, by which requests are judged and which documents them. Rule: what a shape
// does not name is refused, with the place and what was expected.

export type JsonShape = TextShape | NumberShape | FlagShape | ListShape | ObjectShape;

interface Described {
  readonly description?: string;
}

export interface TextShape extends Described {
  readonly type: 'string';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export interface NumberShape extends Described {
  readonly type: 'number' | 'integer';
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

export interface FlagShape extends Described {
  readonly type: 'boolean';
}

export interface ListShape extends Described {
  readonly type: 'array';
  readonly items: JsonShape;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface ObjectShape extends Described {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonShape>>;
  readonly required?: readonly string[];
  /** What those are that have no shape of their own; false: nothing is called otherwise. */
  readonly additionalProperties: false | JsonShape;
}

/** What is wrong with it, beginning with the place; null: nothing. A key that is null counts as one that is not there. */
export function shapeFault(value: unknown, shape: JsonShape, place = ''): string | null {
  switch (shape.type) {
    case 'string':
      return textFault(value, shape, place);
    case 'number':
    case 'integer':
      return numberFault(value, shape, place);
    case 'boolean':
      return typeof value === 'boolean' ? null : at(place, 'expected true or false');
    case 'array':
      return listFault(value, shape, place);
    case 'object':
    default:
      return objectFault(value, shape, place);
  }
}

function textFault(
  value: unknown,
  { minLength = 0, maxLength = Infinity, pattern }: TextShape,
  place: string,
): string | null {
  if (typeof value !== 'string') return at(place, 'expected a text');
  if (value.length < minLength) return at(place, 'expected a text that is not empty');
  if (value.length > maxLength) return at(place, `expected no more than ${maxLength} characters`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return at(place, `expected ${pattern}`);
  return null;
}

function numberFault(value: unknown, shape: NumberShape, place: string): string | null {
  const { type, minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = shape;
  if (typeof value !== 'number' || !Number.isFinite(value)) return at(place, 'expected a number');
  if (type === 'integer' && !Number.isInteger(value)) return at(place, 'expected a whole number');
  if (value < minimum) return at(place, `expected at least ${minimum}`);
  if (value <= exclusiveMinimum) return at(place, `expected more than ${exclusiveMinimum}`);
  return value > maximum ? at(place, `expected at most ${maximum}`) : null;
}

function listFault(
  value: unknown,
  { items, minItems = 0, maxItems = Infinity }: ListShape,
  place: string,
): string | null {
  if (!Array.isArray(value)) return at(place, 'expected a list');
  if (value.length < minItems) return at(place, `expected at least ${minItems}`);
  if (value.length > maxItems) return at(place, `expected at most ${maxItems}`);
  for (const [index, item] of value.entries()) {
    const fault = shapeFault(item, items, `${place}[${index}]`);
    if (fault !== null) return fault;
  }
  return null;
}

function objectFault(
  value: unknown,
  { properties, required = [], additionalProperties: others }: ObjectShape,
  place: string,
): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return at(place, 'expected an object');
  const given = Object.entries(value).filter(([, each]) => each !== null);
  for (const [name, each] of given) {
    const inner = place === '' ? name : `${place}.${name}`;
    const shape = (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? others;
    const fault = shape === false ? at(inner, 'nothing is called so here') : shapeFault(each, shape, inner);
    if (fault !== null) return fault;
  }
  const missing = required.find((name) => !given.some(([each]) => each === name));
  return missing === undefined ? null : at(place === '' ? missing : `${place}.${missing}`, 'this is needed');
}

function at(place: string, what: string): string {
  return `${place === '' ? 'the body' : place}: ${what}`;
}
