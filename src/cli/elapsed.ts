// Lengths of time for people: the two largest units, so that they can be read at a glance. Rule: for reading only; what is
// written for programs says seconds or milliseconds.

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** `4.2s`, `3m 12s`, `2d 5h`. */
export function formatElapsed(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds * 10) / 10}s`;
  const whole = Math.floor(seconds);
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [large, small] = UNITS.slice(first, first + 2);
  if (large === undefined || small === undefined) return `${whole}s`;
  return `${Math.floor(whole / large[1])}${large[0]} ${Math.floor((whole % large[1]) / small[1])}${small[0]}`;
}
