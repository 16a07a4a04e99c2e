// Durations as people write them: 500ms, 30s, 10m, 1h, 1d, and sums of these such as 1h30m. Rule: inside the program a
// duration is a whole number of milliseconds; text without a unit is refused, because nobody can know what 30 meant.

const UNIT_MS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

const MS_BY_UNIT: ReadonlyMap<string, number> = new Map(UNIT_MS);

/** The milliseconds of `1h30m`; undefined when the text is not a duration or not a whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (MS_BY_UNIT.get(unit ?? '') ?? Number.NaN);
  }
  // 1.1s is 1100.0000000000002 in floating point; what is left over beyond a thousandth of a millisecond is meant.
  const rounded = Math.round(total);
  return Number.isSafeInteger(rounded) && Math.abs(total - rounded) < 0.001 ? rounded : undefined;
}

/** The shortest spelling with one unit: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const fitting = UNIT_MS.find(([, unitMs]) => ms % unitMs === 0);
  return fitting === undefined ? `${ms}ms` : `${ms / fitting[1]}${fitting[0]}`;
}
