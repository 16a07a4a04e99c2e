// Rates as people write them: 100/s, 30/m, 1000/h, 5000/d. Rule: inside the program a rate is a number per second.

const UNIT_SECONDS: readonly (readonly [unit: string, seconds: number])[] = [
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
];

/** The number per second of `30/m`; undefined when the text is not a rate, or is nothing at all. */
export function parseRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?\/ ?([smhd])$/.exec(text);
  const seconds = UNIT_SECONDS.find(([unit]) => unit === match?.[2])?.[1];
  const perSecond = Number(match?.[1]) / (seconds ?? Number.NaN);
  return perSecond > 0 ? perSecond : undefined;
}

/** The spelling with the shortest unit that gives a whole number: 0.5 is `30/m`. */
export function formatRate(perSecond: number): string {
  for (const [unit, seconds] of UNIT_SECONDS) {
    const amount = perSecond * seconds;
    // 1/60 of a number times 60 need not be that number in floating point.
    if (Math.abs(amount - Math.round(amount)) < 1e-6 && Math.round(amount) > 0) return `${Math.round(amount)}/${unit}`;
  }
  return `${perSecond}/s`;
}
