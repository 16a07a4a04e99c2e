// Names and values that message after message repeats: the text that the last one had is given again, if the octets are the same. Rule: only of
// fields that are the same for everybody; what is one client's business is never kept.
import { FIELD, type Head } from './head.ts';

/** A longer value is not compared. */
const MOST_VALUE = 64;
const NUMBERS = 256;
const REPEATED: readonly number[] = [
  FIELD.CACHE_CONTROL,
  FIELD.CONTENT_ENCODING,
  FIELD.CONTENT_LENGTH,
  FIELD.CONTENT_TYPE,
  FIELD.DATE,
  FIELD.SERVER,
  FIELD.VARY,
];

const isRepeated: readonly boolean[] = Array.from({ length: NUMBERS }, (_, id) => REPEATED.includes(id));
const names: string[] = Array.from({ length: NUMBERS }, () => '');
const values: string[] = Array.from({ length: NUMBERS }, () => '');

/** As `head.name`. */
export function repeatedName(head: Head, index: number): string {
  const id = head.ids[index]!;
  if (id === FIELD.OTHER) return head.name(index);
  const known = names[id]!;
  if (head.equals(head.fields[index * 4]!, head.fields[index * 4 + 1]!, known)) return known;
  return (names[id] = head.name(index));
}

/** As `head.value`. */
export function repeatedValue(head: Head, index: number): string {
  const id = head.ids[index]!;
  if (!isRepeated[id]!) return head.value(index);
  const from = head.fields[index * 4 + 2]!;
  const to = head.fields[index * 4 + 3]!;
  if (to - from > MOST_VALUE) return head.value(index);
  const known = values[id]!;
  if (head.equals(from, to, known)) return known;
  return (values[id] = head.value(index));
}
