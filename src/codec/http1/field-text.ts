// What may stand in a field line. Rule: no name and no value can begin a line of its own, whoever has written it.
import { SluiceError } from '../../core/errors.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A line break would begin a field of somebody else's choice. */
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
const BEYOND_LATIN1 = /[^\0-\xff]/;
/** Neither of the two, so that most values are looked through once. */
const UNUSUAL = /[^\t\x20-\x7e\x80-\xff]/;

/** Names are few and come again; they are remembered within a bound. */
const MAX_REMEMBERED = 1000;
const tokens = new Set<string>();

/** The octets of a value as text, each octet a character. Throws where name or value cannot be written. */
export function fieldOctets(name: string, value: string): string {
  if (tokens.has(name) && !UNUSUAL.test(value)) return value;
  if (!TOKEN.test(name) || FORBIDDEN_IN_VALUE.test(value)) {
    throw new SluiceError('internal', { message: `the field ${JSON.stringify(name.slice(0, 60))} cannot be written` });
  }
  if (tokens.size < MAX_REMEMBERED) tokens.add(name);
  // Text beyond latin1 travels as UTF-8, whose octets are what latin1 writes.
  return BEYOND_LATIN1.test(value) ? Buffer.from(value).toString('latin1') : value;
}
