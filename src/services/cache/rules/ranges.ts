// Parts of a whole answer (RFC 9110, 14). Rule: one range is given as asked; what is not understood, and several ranges at once, get
// the whole, which is always right; parts are never put together.

export interface ByteRange {
  /** Half-open. */
  readonly from: number;
  readonly to: number;
}

const RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;
/** More digits than any length has, and as a number still exact. */
const MAX_DIGITS = 15;

/** `whole`: no part is given. `unsatisfiable`: 416. */
export function rangeOf(lines: readonly string[], length: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (lines.length !== 1) return 'whole';
  const [, first = '', last = ''] = RANGE.exec(lines[0] ?? '') ?? [];
  if ((first === '' && last === '') || first.length > MAX_DIGITS || last.length > MAX_DIGITS) return 'whole';
  if (first === '') return lastBytes(Number(last), length);
  const from = Number(first);
  if (last !== '' && Number(last) < from) return 'whole';
  if (from >= length) return 'unsatisfiable';
  return { from, to: last === '' ? length : Math.min(Number(last) + 1, length) };
}

function lastBytes(count: number, length: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || length === 0) return 'unsatisfiable';
  return { from: Math.max(0, length - count), to: length };
}

export function contentRange({ from, to }: ByteRange, length: number): string {
  return `bytes ${from}-${to - 1}/${length}`;
}
